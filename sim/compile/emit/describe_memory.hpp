// What lives where, as a compiled network tells it.
#pragma once

#include <cstdint>
#include <vector>

#include <u65sim/compile.hpp>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Index among the placements that describe_memory() makes of every buffer; -1 for those that have
/// none.
std::vector<std::int32_t> buffer_placements(const PlannedProgram& program);

/// Adds placements, spills, bindings and the size of encoded weights; `placements` are
/// buffer_placements() of the program.
void describe_memory(const PlannedProgram& program, const std::vector<std::int32_t>& placements,
                     CompiledNetwork& network);

}  // namespace u65sim::compiler
