// How long the output unit takes for a block: lanes, lane cycles, look-up and SHRAM limits.
#pragma once

#include <u65sim/target.hpp>
#include <u65sim/units.hpp>

#include "timing/traversal.hpp"

namespace u65sim::timing {

/// Cycles of the output unit for `block` at its real size: lane cycles over the lanes, at least one
/// cycle an element with a look-up table or tanh/sigmoid, and the SHRAM limit of wide elementwise
/// operands (published estimator models). With two cores each takes half of the channels, rounded
/// up. Lanes work on channels of one pixel: those without one stand idle.
Cycles output_cycles(const stream::KernelOp& op, const Box& block, const Architecture& arch,
                     const Accelerator& accelerator);

}  // namespace u65sim::timing
