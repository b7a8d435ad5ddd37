// From operations to places: the passes behind form_cascades.
#pragma once

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Layouts, live ranges, and what lives in which memory at which address: feature maps and the
/// buffers weights are copied to. Sizes of weights that are read where they are may stay sampled.
/// Stops behind `last`, which is merge_in_place or a later pass up to place.
PlannedProgram make_plan(Program program, Pass last = Pass::place);

/// Lets elementwise results take over the memory of an operand that dies with them.
void merge_in_place(Program& program);

}  // namespace u65sim::compiler
