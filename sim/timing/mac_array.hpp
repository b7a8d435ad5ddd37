// How long the MAC array works on one job, from the published estimator model's step rates.
#pragma once

#include <u65sim/target.hpp>
#include <u65sim/units.hpp>

#include "timing/traversal.hpp"

namespace u65sim::timing {

/// Cycles of one job at the block's real (edge-clipped) size: steps of max(weight decode floor,
/// 4 a ublock), pooling rates, and the bubbles of a single ublock (published model). Zero for
/// elementwise operations. With two cores each takes half of the channels, rounded up.
Cycles mac_cycles(const Traversal& traversal, const Box& block, int depth_block,
                  const SubKernel& sub, const Architecture& arch, const Accelerator& accelerator);

/// What passes before the work on a block begins, from the target's calibrated constants. MAC
/// array: block_start. Elementwise blocks do not pass the array but the same two stages:
/// block_start and block_output_delay.
Cycles block_start_cycles(const stream::KernelOp& op, const TimingConstants& timing);

}  // namespace u65sim::timing
