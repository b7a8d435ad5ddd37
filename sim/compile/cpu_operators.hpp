// What is left to the CPU, as reports have it.
#pragma once

#include <string>
#include <vector>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// What a report says of an operator that is left to the CPU for `reason`.
CpuOperator cpu_operator_of(const Graph& graph, const Operator& op, std::string reason);
/// The CPU's operators of a program that was split into segments, in order of execution.
std::vector<CpuOperator> cpu_operators_of(const Program& program);

}  // namespace u65sim::compiler
