# CMake's toolchain file: cmake -DCMAKE_TOOLCHAIN_FILE=.../lib/ringlet/ringlet.cmake
# Packages find Linux, as the C library is one of Linux's; programs that they run while they are
# configured would be images, so CMake is told that it builds for another machine.

get_filename_component(RINGLET_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../.." REALPATH)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR i686)
set(CMAKE_C_COMPILER "${RINGLET_PREFIX}/bin/ringlet-cc")
set(CMAKE_CXX_COMPILER "${RINGLET_PREFIX}/bin/ringlet-c++")

set(BUILD_SHARED_LIBS OFF CACHE BOOL "an image is one static file")
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

# Nothing of this machine's own libraries, which are another C library's.
set(CMAKE_FIND_ROOT_PATH "${CMAKE_CURRENT_LIST_DIR}")
list(APPEND CMAKE_LIBRARY_PATH "${CMAKE_CURRENT_LIST_DIR}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
