// The order in which branches of a graph run.
#pragma once

#include <cstdint>
#include <vector>

#include "compile/lower/operator_dependencies.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// Where maps may not spill: puts the operators of each run for the NPU into an order in which
/// their live maps are less above what SRAM holds, summed over the operators. An order whose maps
/// fit stays, and so does one that no better is found to. Operators stay in their runs. The
/// search goes on with the best few beginnings of a run only, so it may miss the best order.
void order_branches(const Program& program, const Dependencies& dependencies,
                    std::vector<std::int32_t>& order);

}  // namespace u65sim::compiler
