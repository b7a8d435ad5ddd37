// Which compile options a search over plans can take.
#pragma once

#include <u65sim/compile.hpp>

namespace u65sim::oracle {

/// Throws InvalidConfig for options that leave compile_fastest() nothing to choose.
void check_searchable(const CompileOptions& options);

}  // namespace u65sim::oracle
