# The official C implementation of BLAKE3. Debian 12 has no package of it by itself; librust-blake3-dev
# installs the same sources, with their assembly for x86-64.
find_package(BLAKE3 QUIET)
if(TARGET BLAKE3::blake3)
  add_library(dialog_blake3 ALIAS BLAKE3::blake3)
  return()
endif()

file(GLOB DIALOG_BLAKE3_DIRS /usr/share/cargo/registry/blake3-*/c)
list(POP_BACK DIALOG_BLAKE3_DIRS DIALOG_BLAKE3_DIR)
if(NOT DIALOG_BLAKE3_DIR)
  message(FATAL_ERROR "The C sources of BLAKE3 are missing: install librust-blake3-dev (make setup does)")
endif()
set(sources blake3.c blake3_dispatch.c blake3_portable.c)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND NOT EMSCRIPTEN)
  enable_language(ASM)
  list(APPEND sources blake3_sse2_x86-64_unix.S blake3_sse41_x86-64_unix.S blake3_avx2_x86-64_unix.S
                      blake3_avx512_x86-64_unix.S)
else()
  set(blake3_portable_only ON)
endif()
list(TRANSFORM sources PREPEND ${DIALOG_BLAKE3_DIR}/)
add_library(dialog_blake3 STATIC ${sources})
# Its own inner functions hash several inputs at once (src/base/hash_each.cpp).
target_compile_definitions(dialog_blake3 PUBLIC $<BUILD_INTERFACE:DIALOG_BLAKE3_LANES>)
target_include_directories(dialog_blake3 SYSTEM PUBLIC $<BUILD_INTERFACE:${DIALOG_BLAKE3_DIR}>)
if(blake3_portable_only)
  target_compile_definitions(dialog_blake3 PRIVATE BLAKE3_NO_SSE2 BLAKE3_NO_SSE41 BLAKE3_NO_AVX2 BLAKE3_NO_AVX512
                                                   BLAKE3_USE_NEON=0)
endif()
