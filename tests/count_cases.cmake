# Compares the test cases a program lists with those its sources declare:
#   cmake -DPROGRAM=<file> -DSOURCES=<files;...> -P count_cases.cmake
set(declared 0)
foreach(source IN LISTS SOURCES)
  file(STRINGS ${source} cases REGEX "^(TEST_CASE|SCENARIO|TEMPLATE_TEST_CASE)[_A-Z]*\\(")
  list(LENGTH cases count)
  math(EXPR declared "${declared} + ${count}")
endforeach()

# One name a line. (The exit code, which Catch2 makes the number of names, ends at 255.)
execute_process(COMMAND ${PROGRAM} --list-test-names-only OUTPUT_VARIABLE names)
string(REGEX MATCHALL "\n" lines "${names}")
list(LENGTH lines listed)
if(declared EQUAL 0 OR listed LESS declared)
  message(FATAL_ERROR "${PROGRAM} lists ${listed} test cases, its sources declare ${declared}")
endif()
message(STATUS "${listed} test cases")
