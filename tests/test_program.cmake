# u65sim_add_test_program(<name> LAYERS <layers...> SOURCES <files...> [ENVIRONMENT <VAR=value...>]): a
# Catch2 program that links only the layers named (and what they need). Each of its cases is a test of
# CTest, `<name>/<case>`, with <name> as label; discover_cases.cmake lists them after each build.
function(u65sim_add_test_program name)
  cmake_parse_arguments(ARG "" "" "LAYERS;SOURCES;ENVIRONMENT" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set(all "")
  foreach(layer IN LISTS ARG_LAYERS)
    u65sim_layer_closure(${layer} closure)
    list(APPEND all ${closure})
  endforeach()
  list(REMOVE_DUPLICATES all)
  foreach(layer IN LISTS all)
    if(TARGET u65sim_${layer})
      target_link_libraries(${name} PRIVATE u65sim_${layer})
    endif()
  endforeach()
  get_property(packages GLOBAL PROPERTY U65SIM_PACKAGES)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/sim
                                             ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE u65sim_test_main u65sim_warnings ${packages})
  target_compile_options(${name} PRIVATE ${u65sim_test_options})
  target_precompile_headers(${name} REUSE_FROM u65sim_test_headers)

  set(cases ${CMAKE_CURRENT_BINARY_DIR}/${name}_cases.cmake)
  # Joined by what no variable holds: a semicolon would part the command's argument.
  set(environment U65SIM_SOURCE_DIR=${PROJECT_SOURCE_DIR} ${ARG_ENVIRONMENT})
  string(REPLACE ";" "|" environment "${environment}")
  add_custom_command(TARGET ${name} POST_BUILD BYPRODUCTS ${cases} VERBATIM
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:${name}> -DNAME=${name}
            "-DENVIRONMENT=${environment}" -DINTO=${cases}
            -P ${CMAKE_CURRENT_SOURCE_DIR}/discover_cases.cmake)
  # What is not built cannot be run, and says so.
  set(include ${CMAKE_CURRENT_BINARY_DIR}/${name}_include.cmake)
  file(WRITE ${include} "if(EXISTS \"${cases}\")
  include(\"${cases}\")
else()
  add_test(${name}/NOT_BUILT ${name})
endif()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${include})
  set_property(GLOBAL APPEND PROPERTY U65SIM_TEST_PROGRAMS ${name})
endfunction()
