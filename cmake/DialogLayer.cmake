# A layer is one static library and one folder of public headers. It sees its own headers and those of
# the layers it names, and no others: the include path of each layer is a folder of the build tree that
# holds one link, to include/dialog/<layer>. A wrong include does not compile.

add_library(dialog_flags INTERFACE)
target_compile_options(dialog_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                                              -Woverloaded-virtual -Wimplicit-fallthrough -Werror)
if(EMSCRIPTEN)
  # clang 14 takes a captured this for unused where a generic lambda calls a member of it.
  target_compile_options(dialog_flags INTERFACE -Wno-unused-lambda-capture)
endif()
# gcc 12 warns of copies within std::string that cannot happen, depending on what it inlines.
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  target_compile_options(dialog_flags INTERFACE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
  if(CMAKE_UNITY_BUILD)
    # A class with a member whose type is in an unnamed namespace is one of a source, though that is included here.
    target_compile_options(dialog_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
  endif()
endif()
# With libstdc++ 12, clang blames std::stable_sort for the deprecated buffer that it uses inside.
if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  target_compile_options(dialog_flags INTERFACE -Wno-deprecated-declarations)
endif()
if(NOT DIALOG_EXCEPTIONS)
  target_compile_options(dialog_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)
endif()

# dialog_layer(<name> SOURCES <file>... [LAYERS <layer>...] [LINK <library>...] [LINK_PUBLIC <library>...])
#
#   The library dialog_<name>, also dialog::<name>, installed and exported with its headers. Sources see
#   src/<name> and what the layer may include; a layer for which portable presets build no sources of its own guards
#   its line in src/CMakeLists.txt by DIALOG_NATIVE.
#   LAYERS       layers whose headers this one may include; their own layers come along
#   LINK         third-party libraries, private to this layer's sources, by the names of cmake/Dependencies.cmake
#   LINK_PUBLIC  third-party libraries that the public headers include
function(dialog_layer name)
  cmake_parse_arguments(arg "" "" "SOURCES;LAYERS;LINK;LINK_PUBLIC" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "dialog_layer(${name}): ${arg_UNPARSED_ARGUMENTS}?")
  endif()
  set(view ${CMAKE_BINARY_DIR}/layers/${name})
  file(MAKE_DIRECTORY ${view}/dialog)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include/dialog/${name} ${view}/dialog/${name} SYMBOLIC)

  add_library(dialog_${name} STATIC ${arg_SOURCES})
  add_library(dialog::${name} ALIAS dialog_${name})
  target_include_directories(dialog_${name}
    PUBLIC $<BUILD_INTERFACE:${view}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/src/${name})
  foreach(layer IN LISTS arg_LAYERS)
    target_link_libraries(dialog_${name} PUBLIC dialog_${layer})
  endforeach()
  target_link_libraries(dialog_${name} PUBLIC ${arg_LINK_PUBLIC} PRIVATE ${arg_LINK}
                                       $<BUILD_INTERFACE:dialog_flags>)
  set_property(GLOBAL APPEND PROPERTY DIALOG_LAYERS ${name})
endfunction()
