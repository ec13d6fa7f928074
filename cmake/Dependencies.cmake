# Every third-party library comes from the distribution's packages (scripts/setup.sh installs them).

find_package(PkgConfig REQUIRED)
find_package(tl-expected REQUIRED)
include(cmake/Blake3.cmake)

if(DIALOG_TESTS)
  find_package(GTest REQUIRED)
endif()
