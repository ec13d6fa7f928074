# dialog_fuzz(<name> SOURCES <file>... [LAYERS <layer>...] [LINK <library>...] [CORPUS <folder>])
#
#   One fuzz target: the sources define LLVMFuzzerTestOneInput. With the preset fuzz it is a libFuzzer program. In all
#   other native builds it is a test, labelled corpus, that runs each file of the corpus once and, so that an empty
#   corpus tests something, the empty input.
#   CORPUS  a folder of inputs, kept in the repository; fuzz/corpus/<name> where it is not given
function(dialog_fuzz name)
  cmake_parse_arguments(arg "" "CORPUS" "SOURCES;LAYERS;LINK" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "dialog_fuzz(${name}): ${arg_UNPARSED_ARGUMENTS}?")
  endif()
  if(NOT DIALOG_NATIVE)
    return()
  endif()
  if(NOT arg_CORPUS)
    set(arg_CORPUS ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name})
  endif()
  add_executable(${name} ${arg_SOURCES})
  foreach(layer IN LISTS arg_LAYERS)
    target_link_libraries(${name} PRIVATE dialog_${layer})
  endforeach()
  target_link_libraries(${name} PRIVATE ${arg_LINK} dialog_flags)
  if(DIALOG_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_property(GLOBAL APPEND PROPERTY DIALOG_FUZZ_TARGETS "$<TARGET_FILE:${name}>\t${arg_CORPUS}")
  else()
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/fuzz/replay_main.cpp)
    add_test(NAME ${name} COMMAND ${name} ${arg_CORPUS})
    set_tests_properties(${name} PROPERTIES LABELS corpus)
  endif()
endfunction()

# The list that scripts/fuzz.sh reads: a program and its corpus on each line. Called after all targets.
function(dialog_write_fuzz_list)
  get_property(targets GLOBAL PROPERTY DIALOG_FUZZ_TARGETS)
  list(JOIN targets "\n" text)
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/fuzz-targets.tsv CONTENT "${text}\n")
endfunction()
