# Debian 12 packages this project stands on. Their targets are global, so that a project which adds
# this one as a subdirectory can link what the library needs.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
find_package(Threads REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS graph)
find_package(nlohmann_json 3.11 REQUIRED)
set(U65SIM_MPI_PACKAGES "")
if(U65SIM_BUILD_MPI)
  find_package(MPI REQUIRED COMPONENTS CXX)
  find_package(Boost 1.74 REQUIRED COMPONENTS mpi)
  set(U65SIM_MPI_PACKAGES Boost::mpi MPI::MPI_CXX)
endif()

# xxHash is used as a header alone, by sim/base/hash.cpp: no library is linked.
find_path(U65SIM_XXHASH xxhash.h REQUIRED)

# Debian ships SystemC without a CMake package, built as C++17: newer code must say so, or the
# version check of its headers refuses to link.
add_library(u65sim_systemc_library INTERFACE IMPORTED GLOBAL)
if(U65SIM_WITH_SYSTEMC)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(U65SIM_SYSTEMC REQUIRED IMPORTED_TARGET GLOBAL systemc)
  target_link_libraries(u65sim_systemc_library INTERFACE PkgConfig::U65SIM_SYSTEMC)
  target_compile_definitions(u65sim_systemc_library INTERFACE SC_DISABLE_API_VERSION_CHECK)
endif()

# FlatBuffers: Debian's headers and flatc; no library is linked.
find_program(U65SIM_FLATC flatc REQUIRED)
