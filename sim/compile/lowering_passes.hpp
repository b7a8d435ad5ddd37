// From a graph to operations with blocks and encoded weights: what all plans begin with.
#pragma once

#include <optional>
#include <string>

#include "compile/pass.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// A program as it was before the passes, of the graph that it was made from, but for what they
/// refused.
Program begin_again(const Program& program, const Graph* graph);
/// Runs the passes up to encode_constants on a program that has nothing but its context and its
/// graph, again where some operators turned out to have no form on the NPU: each pass finds all
/// that it refuses. Stops behind `last`, when that is one of them, and returns its dump.
std::optional<std::string> run_lowering_passes(Program& program, std::optional<Pass> last = {});

/// Whether two lowerings of one graph made the same operations.
bool has_same_forms(const Program& a, const Program& b);

}  // namespace u65sim::compiler
