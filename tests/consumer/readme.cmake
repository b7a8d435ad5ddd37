# The program in the README is the first example, character for character.
file(READ ${SOURCE}/README.md readme)
file(READ ${SOURCE}/examples/010-latency-in-ten-lines.cpp program)
string(FIND "${readme}" "```cpp\n${program}```" at)
if(at EQUAL -1)
  message(FATAL_ERROR "README.md does not show examples/010-latency-in-ten-lines.cpp as it is")
endif()
