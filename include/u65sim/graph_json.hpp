// A network as JSON for other programs.
#pragma once

#include <string>

#include <u65sim/graph.hpp>

namespace u65sim {

/// Operators, tensors and notes, constants by their size alone; the keys are in docs/report.md.
std::string to_json(const Graph& graph);

}  // namespace u65sim
