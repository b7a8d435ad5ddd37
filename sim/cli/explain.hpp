// Why a compiled network is as it is, out of a dump of the compiler.
#pragma once

#include <string>

namespace u65sim::cli {

/// The reasons that a dump holds, grouped, with what most is at stake in first, totals and a
/// conclusion.
std::string explained(const std::string& dump);

}  // namespace u65sim::cli
