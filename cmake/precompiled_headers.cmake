# Headers of the standard library and of fmt, parsed once for all layers. Off where this project is part of
# another one, and where ccache compiles: it keeps what such headers went into only with settings of its own.
set(u65sim_precompile ${PROJECT_IS_TOP_LEVEL})
if(CMAKE_CXX_COMPILER_LAUNCHER MATCHES "ccache")
  set(u65sim_precompile OFF)
endif()
option(U65SIM_PRECOMPILE_HEADERS "Parse the headers of the standard library once" ${u65sim_precompile})

set(u65sim_standard_headers ${CMAKE_CURRENT_LIST_DIR}/standard_headers.hpp)
if(U65SIM_PRECOMPILE_HEADERS)
  # GCC 12 takes what it inlines of such headers for the program's own code, and warns of copies in joined
  # strings that are none (bug 105651 again). Builds without these headers have the warnings.
  target_compile_options(u65sim_warnings INTERFACE
    "$<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds;-Wno-stringop-overflow>")
  file(WRITE ${PROJECT_BINARY_DIR}/generated/headers.cpp "")
  add_library(u65sim_headers OBJECT ${PROJECT_BINARY_DIR}/generated/headers.cpp)
  target_compile_features(u65sim_headers PRIVATE cxx_std_20)
  set_target_properties(u65sim_headers PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(u65sim_headers PRIVATE u65sim_warnings fmt::fmt)
  target_precompile_headers(u65sim_headers PRIVATE ${u65sim_standard_headers})
endif()

# u65sim_precompile(<target>): <target> takes the headers that all layers share.
# u65sim_precompile(<target> <headers...>): it parses the standard ones and <headers> once for itself.
function(u65sim_precompile target)
  if(NOT U65SIM_PRECOMPILE_HEADERS)
    return()
  endif()
  if(ARGN)
    target_precompile_headers(${target} PRIVATE ${u65sim_standard_headers} ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM u65sim_headers)
  endif()
endfunction()
