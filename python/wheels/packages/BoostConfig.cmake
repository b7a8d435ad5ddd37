# The headers of Boost, whose graph library needs nothing else here.
if(NOT TARGET Boost::graph)
  add_library(Boost::graph INTERFACE IMPORTED GLOBAL)
  set_target_properties(Boost::graph PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${CMAKE_CURRENT_LIST_DIR}/../include)
endif()
