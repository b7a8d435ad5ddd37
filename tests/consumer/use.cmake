# Builds and runs the consumer project one WAY (installed or subdirectory).
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " line)
    message(FATAL_ERROR "${line}\n${out}")
  endif()
endfunction()

set(project ${CMAKE_CURRENT_LIST_DIR}/project)
set(options -G ${GENERATOR} -DCMAKE_BUILD_TYPE=${BUILD_TYPE} -DCMAKE_CXX_COMPILER=${COMPILER}
  -DCONSUMER_PROGRAM=${SOURCE}/examples/010-latency-in-ten-lines.cpp)
if(LAUNCHER)
  list(APPEND options -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
endif()
if(SANITIZE)
  list(APPEND options -DCMAKE_CXX_FLAGS=-fsanitize=${SANITIZE})
endif()

if(WAY STREQUAL "installed")
  file(REMOVE_RECURSE ${WORK})
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
  # The installed program finds its SystemC.
  file(GLOB program ${WORK}/prefix/bin/u65sim)
  if(program)
    run(${program} run rnnoise --backend systemc)
  endif()
  list(APPEND options -DCMAKE_PREFIX_PATH=${WORK}/prefix)
else()
  # Whether it builds, not how fast it is: without optimisation, and with headers parsed once. Without
  # SystemC, as who links the oracle alone builds it: the installed package has it.
  list(APPEND options -DU65SIM_SOURCE=${SOURCE} -DCMAKE_CXX_FLAGS_RELEASE=-O0
    -DU65SIM_WITH_SYSTEMC=OFF -DU65SIM_PRECOMPILE_HEADERS=ON)
endif()
run(${CMAKE_COMMAND} -S ${project} -B ${WORK}/build ${options})
run(${CMAKE_COMMAND} --build ${WORK}/build --parallel 2)

execute_process(COMMAND ${WORK}/build/consumer RESULT_VARIABLE code OUTPUT_VARIABLE out)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "consumer ended with ${code}")
endif()
message(STATUS "${out}")
