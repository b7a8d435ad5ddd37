// What lives where, as a compiled network tells it.
#pragma once

#include <u65sim/compile.hpp>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Adds placements, spills, bindings and the size of encoded weights.
void describe_memory(const PlannedProgram& program, CompiledNetwork& network);

}  // namespace u65sim::compiler
