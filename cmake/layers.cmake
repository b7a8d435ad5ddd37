# The layers of the library and what each may include and link (docs/architecture.md). The include
# test reads the same table.
set(U65SIM_LAYERS base target ir stream weights arith timing config frontend zoo compile bound
    host report machine oracle transform study validate fit blocks on_demand)
set(U65SIM_DEPS_base "")
set(U65SIM_DEPS_target base)
set(U65SIM_DEPS_ir base)
set(U65SIM_DEPS_stream base target)
set(U65SIM_DEPS_weights base target)
set(U65SIM_DEPS_arith base ir)
set(U65SIM_DEPS_timing base target stream)
set(U65SIM_DEPS_config base target)
set(U65SIM_DEPS_frontend base ir arith)
set(U65SIM_DEPS_zoo base ir)
set(U65SIM_DEPS_compile base target ir stream weights timing arith)
set(U65SIM_DEPS_bound base target ir stream timing)
set(U65SIM_DEPS_host base target)
set(U65SIM_DEPS_report base target host)
set(U65SIM_DEPS_machine base target stream weights timing arith report)
set(U65SIM_DEPS_oracle base target ir config frontend zoo stream weights arith timing compile
    bound report machine transform)
set(U65SIM_DEPS_transform base ir)
set(U65SIM_DEPS_study base target ir oracle config zoo report transform)
set(U65SIM_DEPS_validate base target config oracle zoo report)
set(U65SIM_DEPS_fit base target report validate)
set(U65SIM_DEPS_blocks base target ir oracle zoo report)
set(U65SIM_DEPS_on_demand stream machine)

# All layers that `layer` needs, itself included.
function(u65sim_layer_closure layer result)
  set(closure ${layer})
  foreach(dep IN LISTS U65SIM_DEPS_${layer})
    u65sim_layer_closure(${dep} below)
    list(APPEND closure ${below})
  endforeach()
  list(REMOVE_DUPLICATES closure)
  set(${result} ${closure} PARENT_SCOPE)
endfunction()

# u65sim_add_layer(<layer> [packages...]): object library of every .cpp in the calling folder.
function(u65sim_add_layer layer)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_library(u65sim_${layer} OBJECT ${sources})
  target_include_directories(u65sim_${layer} PRIVATE ${PROJECT_SOURCE_DIR}/sim)
  target_include_directories(u65sim_${layer} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
  target_compile_features(u65sim_${layer} PUBLIC cxx_std_20)
  set_target_properties(u65sim_${layer} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(u65sim_${layer} PRIVATE u65sim_warnings ${ARGN})
  u65sim_precompile(u65sim_${layer})
  set_property(GLOBAL APPEND PROPERTY U65SIM_PRESENT_LAYERS ${layer})
  set_property(GLOBAL APPEND PROPERTY U65SIM_PACKAGES ${ARGN})
endfunction()

# u65sim_embed_text(<layer> <function> <files...>): std::string_view u65sim::<layer>::<function>(), the
# texts of files of the calling folder one behind the other, carried inside the library so that an
# installed one needs no files.
function(u65sim_embed_text layer function)
  set(literals "")
  foreach(file IN LISTS ARGN)
    set(path ${CMAKE_CURRENT_SOURCE_DIR}/${file})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(READ ${path} text)
    string(APPEND literals "\n           R\"u65sim(${text})u65sim\"")
  endforeach()
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT "#include <string_view>

namespace u65sim::@layer@ {

std::string_view @function@();

std::string_view @function@() {
    return @literals@;
}

}  // namespace u65sim::@layer@
")
  target_sources(u65sim_${layer} PRIVATE ${source})
endfunction()
