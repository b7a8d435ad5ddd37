# Writes the test cases of a Catch2 program as tests of CTest:
#   cmake -DPROGRAM=<file> -DNAME=<prefix> -DENVIRONMENT=<VAR=value|...> -DINTO=<file> -P discover_cases.cmake
# Catch2's own catch_discover_tests splits names with semicolons and brackets, and takes 256 cases for none.
set(skipped_exit_code 77)  # tests/support/skip.hpp
set(timeout_seconds 900)
string(REPLACE "|" ";" ENVIRONMENT "${ENVIRONMENT}")

# One name a line. (The exit code is the number of names, modulo 256.)
execute_process(COMMAND ${PROGRAM} --list-test-names-only OUTPUT_VARIABLE names ERROR_VARIABLE error)
set(script "")
set(count 0)
string(FIND "${names}" "\n" end)
while(NOT end EQUAL -1)
  string(SUBSTRING "${names}" 0 ${end} case)
  math(EXPR end "${end} + 1")
  string(SUBSTRING "${names}" ${end} -1 names)
  string(FIND "${names}" "\n" end)
  string(REGEX REPLACE "([][,\"\\\\])" "\\\\\\1" pattern "${case}")
  string(REGEX REPLACE "^-" "\\\\-" pattern "${pattern}")  # no option
  string(APPEND script "add_test([==[${NAME}/${case}]==] [==[${PROGRAM}]==] [==[${pattern}]==])
set_tests_properties([==[${NAME}/${case}]==] PROPERTIES ENVIRONMENT [==[${ENVIRONMENT}]==]
  LABELS ${NAME} SKIP_RETURN_CODE ${skipped_exit_code} TIMEOUT ${timeout_seconds})
")
  math(EXPR count "${count} + 1")
endwhile()
if(count EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} lists no test cases\n${error}")
endif()
file(WRITE ${INTO} "${script}")
