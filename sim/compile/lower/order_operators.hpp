// The order in which operators run.
#pragma once

#include <cstdint>
#include <vector>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// All operators of the graph: as it has them where no other order starts the NPU less often, else
/// by turns all that the CPU can do and all that the NPU can do with what is there. Where maps may
/// not spill and do not fit, branches change places (order_branches.hpp). Operators on the same
/// variable keep their order. Wants decisions, producers and consumers.
std::vector<std::int32_t> order_operators(const Program& program);

}  // namespace u65sim::compiler
