// What is left to the CPU, as reports have it.
#pragma once

#include <vector>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// The CPU's operators of a program that was split into segments, in order of execution.
std::vector<CpuOperator> cpu_operators_of(const Program& program);

}  // namespace u65sim::compiler
