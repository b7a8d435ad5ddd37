// The report of a network that was timed by rules and not simulated.
#pragma once

#include <u65sim/report.hpp>

#include "compile/quick/answer.hpp"

namespace u65sim::oracle {

/// Cycles, memories, traffic, spills and operators, with the interval of the network's class. What
/// only a simulation knows stays empty.
Report quick_report(const Graph& graph, const Target& target,
                    const compiler::quick::QuickAnswer& answer, Bytes file_size);

}  // namespace u65sim::oracle
