# The third-party libraries under the same target names as natively, for WebAssembly. Header-only ones are
# reached through a folder of the build tree that holds one link each: /usr/include itself would bring the C
# library of the host along.

function(dialog_header_only target entry)
  string(MAKE_C_IDENTIFIER ${target} folder)
  set(folder ${CMAKE_BINARY_DIR}/headers/${folder})
  if(NOT EXISTS /usr/include/${entry})
    message(FATAL_ERROR "/usr/include/${entry} is missing (make setup installs it)")
  endif()
  file(MAKE_DIRECTORY ${folder})
  file(CREATE_LINK /usr/include/${entry} ${folder}/${entry} SYMBOLIC)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} SYSTEM INTERFACE ${folder})
endfunction()

dialog_header_only(tl::expected tl)
dialog_header_only(nlohmann_json::nlohmann_json nlohmann)
dialog_header_only(PkgConfig::xxhash xxhash.h)

# Ed25519 is libsodium here too, but its npm package: src/identity/sodium_wasm.cpp calls the object that the
# embedder hands in as Module['sodium'], ready to use. Test programs load it before main runs.
add_library(dialog_sodium INTERFACE)
set(DIALOG_WASM_DIR ${PROJECT_SOURCE_DIR}/tests/wasm)

# What turns a test program into one file that Node runs. Assertions are kept: a stack overflow or a misaligned
# access must fail a test, not pass by luck. Above -O1 a link spends twenty seconds in wasm-opt.
add_library(dialog_wasm_program INTERFACE)
target_link_options(dialog_wasm_program INTERFACE
  -O1
  -sSINGLE_FILE=1 -sENVIRONMENT=node -sEXIT_RUNTIME=1 -sALLOW_MEMORY_GROWTH=1 -sMAXIMUM_MEMORY=2GB
  -sASSERTIONS=1 -sSTACK_OVERFLOW_CHECK=1 -sNODEJS_CATCH_EXIT=0 -sNODEJS_CATCH_REJECTION=0
  "SHELL:--pre-js ${DIALOG_WASM_DIR}/sodium.pre.js")
set_property(TARGET dialog_wasm_program PROPERTY INTERFACE_LINK_DEPENDS ${DIALOG_WASM_DIR}/sodium.pre.js)

if(DIALOG_TESTS)
  # In the build tree's root, because there Node looks for the modules of any program below it.
  find_program(DIALOG_NPM npm REQUIRED)
  configure_file(${DIALOG_WASM_DIR}/package.json ${CMAKE_BINARY_DIR}/package.json COPYONLY)
  configure_file(${DIALOG_WASM_DIR}/package-lock.json ${CMAKE_BINARY_DIR}/package-lock.json COPYONLY)
  if(${CMAKE_BINARY_DIR}/package-lock.json IS_NEWER_THAN ${CMAKE_BINARY_DIR}/node_modules/.package-lock.json)
    execute_process(COMMAND ${DIALOG_NPM} ci --no-audit --no-fund --loglevel=error
                    WORKING_DIRECTORY ${CMAKE_BINARY_DIR} COMMAND_ERROR_IS_FATAL ANY)
  endif()

  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
  set(gtest_disable_pthreads ON)
  set(INSTALL_GTEST OFF)
  add_subdirectory(/usr/src/googletest ${CMAKE_BINARY_DIR}/googletest EXCLUDE_FROM_ALL SYSTEM)
  foreach(target gtest gmock gtest_main gmock_main)
    target_compile_options(${target} PRIVATE -fno-exceptions -w)
    if(NOT TARGET GTest::${target})
      add_library(GTest::${target} ALIAS ${target})
    endif()
  endforeach()
endif()
