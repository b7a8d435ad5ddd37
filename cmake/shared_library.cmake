# The library without SystemC, twice: as an archive for C++ programs that use the oracle and the direct
# kernel, and as a shared library of the C interface alone, for programs in any language.
u65sim_layer_closure(oracle oracle_layers)
set(direct_objects "")
set(oracle_objects "")
foreach(layer IN LISTS layers)
  set(objects $<TARGET_OBJECTS:u65sim_${layer}>)
  if(layer STREQUAL "machine")
    set(objects "$<FILTER:${objects},EXCLUDE,/(without_)?systemc/>")
  endif()
  list(APPEND direct_objects ${objects})
  if(layer IN_LIST oracle_layers)
    list(APPEND oracle_objects ${objects})
  endif()
endforeach()
# In place of machine/systemc/engine.cpp.
set(machine ${PROJECT_SOURCE_DIR}/sim/machine)
add_library(u65sim_without_systemc OBJECT ${machine}/without_systemc/engine.cpp
                                          ${machine}/systemc/vcd_file.cpp)
target_include_directories(u65sim_without_systemc PRIVATE ${PROJECT_SOURCE_DIR}/sim
                                                          ${PROJECT_SOURCE_DIR}/include)
target_compile_features(u65sim_without_systemc PRIVATE cxx_std_20)
target_link_libraries(u65sim_without_systemc PRIVATE u65sim_warnings fmt::fmt)
set_target_properties(u65sim_without_systemc PROPERTIES POSITION_INDEPENDENT_CODE ON)

add_library(u65sim_direct STATIC ${direct_objects} $<TARGET_OBJECTS:u65sim_without_systemc>)
add_library(u65sim::direct ALIAS u65sim_direct)
set_target_properties(u65sim_direct PROPERTIES EXPORT_NAME direct)
target_include_directories(u65sim_direct PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                                $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(u65sim_direct PUBLIC cxx_std_20)
target_link_libraries(u65sim_direct PRIVATE fmt::fmt yaml-cpp Threads::Threads
                                            ${U65SIM_MPI_PACKAGES})

# Version 1 of the ABI, to which functions are added: U65SIM_C_API counts them.
file(STRINGS ${PROJECT_SOURCE_DIR}/include/u65sim/u65sim.h c_api REGEX "#define U65SIM_C_API ")
string(REGEX REPLACE ".* " "" c_api "${c_api}")
set(map ${PROJECT_SOURCE_DIR}/cmake/c_library.map)
add_library(u65sim_c SHARED ${oracle_objects} $<TARGET_OBJECTS:u65sim_without_systemc>)
add_library(u65sim::c ALIAS u65sim_c)
set_target_properties(u65sim_c PROPERTIES EXPORT_NAME c SOVERSION 1 VERSION 1.${c_api}.0
  LINK_DEPENDS ${map} LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR})
target_include_directories(u65sim_c PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(u65sim_c PRIVATE fmt::fmt yaml-cpp Threads::Threads)
target_link_options(u65sim_c PRIVATE -Wl,--version-script=${map} -Wl,--no-undefined)
