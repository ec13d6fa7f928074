# What is tested is optimized as it ships; GoogleTest's own expansions only cost time to optimize.
add_library(dialog_test_flags INTERFACE)
target_link_libraries(dialog_test_flags INTERFACE dialog_flags)
target_compile_options(dialog_test_flags INTERFACE $<$<CONFIG:RelWithDebInfo>:-O1>)

# dialog_test(<name> SOURCES <file>... [LAYERS <layer>...] [SUITES <suite>...] [LINK <library>...] [LABELS <label>...]
#             [PORTABLE])
#
#   One executable and one test of ctest of the same name. Every source is a GoogleTest file; main comes along.
#   LAYERS    the layers under test; their own layers come along, and so does dialog_test_support
#   SUITES    suites that the sources instantiate, by the names of dialog_suite; it fails where one is forgotten
#   LINK      other libraries, by the names of cmake/Dependencies.cmake
#   LABELS    what the test is; these three decide where it runs, any other is for `ctest -L`:
#               heavy    too slow for the sanitizers and WebAssembly
#               kill     kills processes; release only
#               install  needs an installed copy; release only
#   PORTABLE  also built and run for WebAssembly and without exceptions (preset wasm): no sockets,
#             files, threads, iostream, exceptions or death tests, and only layers from base to replica, http and cloud;
#             therefore not under ThreadSanitizer
#
#   The test fails, too, where it runs nothing, and where a case is skipped or disabled.
function(dialog_test name)
  cmake_parse_arguments(arg "PORTABLE" "" "SOURCES;LAYERS;SUITES;LINK;LABELS" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "dialog_test(${name}): ${arg_UNPARSED_ARGUMENTS}?")
  endif()
  if(NOT DIALOG_NATIVE AND NOT arg_PORTABLE)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  foreach(layer IN LISTS arg_LAYERS)
    target_link_libraries(${name} PRIVATE dialog_${layer})
  endforeach()
  foreach(suite IN LISTS arg_SUITES)
    target_link_libraries(${name} PRIVATE dialog_${suite}_suite)
  endforeach()
  target_link_libraries(${name} PRIVATE ${arg_LINK} dialog_test_support GTest::gmock_main dialog_test_flags)
  if(EMSCRIPTEN)
    target_link_libraries(${name} PRIVATE dialog_wasm_program)
  endif()
  dialog_test_pch(${name})
  # What has no threads has no races; what does not run is not built.
  if((arg_PORTABLE AND DIALOG_SANITIZE STREQUAL "thread") OR
     (DIALOG_SANITIZE AND arg_LABELS MATCHES "(^|;)(heavy|kill|install)(;|$)"))
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES
    LABELS "${arg_LABELS}"
    FAIL_REGULAR_EXPRESSION "Running 0 tests from;\\[  SKIPPED \\];YOU HAVE [0-9]+ DISABLED TEST")
endfunction()

# dialog_suite(<name> SOURCES <file>... LAYERS <layer>...)
#
#   Tests with parameters, for `SUITES <name>` of the programs that have implementations for them
#   (tests/support/factory.hpp). They are compiled once, and only where a program that is built takes them: what
#   starts threads is a suite apart, for PORTABLE programs to leave out. Not a static library, out of which no
#   program would take any test.
function(dialog_suite name)
  cmake_parse_arguments(arg "" "" "SOURCES;LAYERS" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "dialog_suite(${name}): ${arg_UNPARSED_ARGUMENTS}?")
  endif()
  add_library(dialog_${name}_suite OBJECT EXCLUDE_FROM_ALL ${arg_SOURCES})
  foreach(layer IN LISTS arg_LAYERS)
    target_link_libraries(dialog_${name}_suite PUBLIC dialog_${layer})
  endforeach()
  target_link_libraries(dialog_${name}_suite PRIVATE dialog_test_support GTest::gmock dialog_test_flags)
  dialog_test_pch(dialog_${name}_suite)
endfunction()

# GoogleTest's headers cost more than a typical test file itself. An executable, never built whole, owns them:
# gcc refuses them where the code model differs, and that of a library may.
function(dialog_test_pch target)
  if(NOT DIALOG_PCH)
    return()
  endif()
  dialog_make_test_pch()
  target_precompile_headers(${target} REUSE_FROM dialog_test_pch)
endfunction()

function(dialog_make_test_pch)
  if(TARGET dialog_test_pch)
    return()
  endif()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_pch.cpp CONTENT "int main() {}\n")
  add_executable(dialog_test_pch EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/test_pch.cpp)
  target_link_libraries(dialog_test_pch PRIVATE GTest::gmock tl::expected dialog_test_flags)
  target_precompile_headers(dialog_test_pch PRIVATE
    <gmock/gmock.h> <gtest/gtest.h> <tl/expected.hpp> <array> <functional> <map> <memory> <optional> <span>
    <string> <string_view> <utility> <vector>)
endfunction()
