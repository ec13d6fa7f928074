# Every third-party library comes from the distribution's packages (scripts/setup.sh installs them), and
# is linked by one of these names:
#
#   everywhere   tl::expected, nlohmann_json::nlohmann_json, PkgConfig::xxhash, dialog_blake3, dialog_sodium
#   natively     Threads::Threads, PkgConfig::lmdb, PkgConfig::zstd, CURL::libcurl, Boost::headers (Asio, Beast),
#                OpenSSL::SSL, OpenSSL::Crypto, PkgConfig::prometheus (metrics), fmt::fmt, CLI11::CLI11, benchmark::benchmark,
#                PkgConfig::rocksdb and PkgConfig::sqlite (peers in benchmarks)
#
# A name that a layer links must also be found by cmake/dialogConfig.cmake.in, for who uses an installed copy.

if(EMSCRIPTEN)
  include(cmake/Emscripten.cmake)
else()
  find_package(PkgConfig REQUIRED)
  find_package(Threads REQUIRED)
  find_package(tl-expected REQUIRED)
  find_package(nlohmann_json 3.11 REQUIRED)
  pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
  pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
  add_library(dialog_sodium ALIAS PkgConfig::sodium)
  if(DIALOG_NATIVE)
    pkg_check_modules(lmdb REQUIRED IMPORTED_TARGET lmdb)
    pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
    pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)
    find_package(CURL 7.88 REQUIRED)
    find_package(Boost 1.81 REQUIRED)
    find_package(OpenSSL 3 REQUIRED)
    find_package(fmt REQUIRED)
    if(DIALOG_APPS)
      find_package(CLI11 REQUIRED)
    endif()
    if(DIALOG_BENCH)
      find_package(benchmark REQUIRED)
      pkg_check_modules(rocksdb REQUIRED IMPORTED_TARGET rocksdb)
      pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3)
    endif()
  endif()
  if(DIALOG_TESTS)
    find_package(GTest REQUIRED)
  endif()
endif()
include(cmake/Blake3.cmake)
