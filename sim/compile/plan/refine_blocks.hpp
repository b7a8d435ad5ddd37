// Blocks once more, when it is known where the maps live.
#pragma once

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Gives each operation that is no stripe another height and width of its block where that is
/// predicted to be faster, with maps where they are and weights in `weight_region`. The depth
/// stays, for the weights are stored in its order. A block that changes the buffers' places in
/// SHRAM keeps neighbours from overlapping, which counts.
void refine_blocks(PlannedProgram& program, int weight_region);

}  // namespace u65sim::compiler
