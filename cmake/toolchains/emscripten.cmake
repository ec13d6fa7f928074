# Debian's Emscripten. Its JavaScript tools are modules of the distribution that only NODE_PATH makes visible.
find_program(DIALOG_EMCC emcc REQUIRED)
set(ENV{NODE_PATH} /usr/share/nodejs)
execute_process(COMMAND em-config EMSCRIPTEN_ROOT OUTPUT_VARIABLE DIALOG_EMSCRIPTEN_ROOT
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
include(${DIALOG_EMSCRIPTEN_ROOT}/cmake/Modules/Platform/Emscripten.cmake)

find_program(DIALOG_NODE NAMES node nodejs REQUIRED)
set(CMAKE_CROSSCOMPILING_EMULATOR ${DIALOG_NODE})
set(CMAKE_C_LINKER_LAUNCHER env NODE_PATH=/usr/share/nodejs)
set(CMAKE_CXX_LINKER_LAUNCHER env NODE_PATH=/usr/share/nodejs)
