// How long the output unit takes for a block: lanes, lane cycles, look-up and SHRAM limits.
#pragma once

#include <u65sim/target.hpp>
#include <u65sim/units.hpp>

#include "timing/traversal.hpp"

namespace u65sim::timing {

/// Eighths of a cycle that one core needs for one output element: lane cycles over the lanes, at
/// least one cycle with a look-up table or tanh/sigmoid, and the SHRAM limit of wide elementwise
/// operands (published estimator models).
std::int64_t output_eighths_per_element(const stream::KernelOp& op, const Architecture& arch);

/// Cycles of the output unit for `block` at its real size. With two cores each takes half of the
/// channels, rounded up.
Cycles output_cycles(const stream::KernelOp& op, const Box& block, const Architecture& arch,
                     const Accelerator& accelerator);

}  // namespace u65sim::timing
