// fmt for a program that is linked without its library: the functions of its headers, inline there,
// which the compiler keeps here for the rest of the program (-fkeep-inline-functions).
#define FMT_HEADER_ONLY
#include <fmt/format.h>
