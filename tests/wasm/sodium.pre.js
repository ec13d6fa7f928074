// Runs before a test program's main: hands libsodium to src/identity/sodium_wasm.cpp as Module['sodium'].
Module['preRun'] = [].concat(Module['preRun'] || [], function () {
  addRunDependency('libsodium');
  var sodium = require('libsodium-wrappers');
  sodium.ready.then(
    function () {
      Module['sodium'] = sodium;
      removeRunDependency('libsodium');
    },
    function (error) {
      console.error('libsodium does not start: ' + error);
      process.exit(1);
    }
  );
});
