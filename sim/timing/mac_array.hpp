// How long the MAC array works on one job, from the published estimator model's step rates.
#pragma once

#include <u65sim/target.hpp>
#include <u65sim/units.hpp>

#include "timing/traversal.hpp"

namespace u65sim::timing {

/// Spatial ublocks that cover `block` on one core. On 256-MAC cores an operation of OFM height 1,
/// kernel height 1 and even OFM width takes ublocks of 4x1 instead of 2x2 (published model).
std::int64_t spatial_ublocks(const stream::KernelOp& op, const Box& block, const Architecture& arch,
                             const Accelerator& accelerator);

/// Cycles of one job at the block's real (edge-clipped) size: steps of max(weight decode floor,
/// 4 a ublock), pooling rates, and the bubbles of a single ublock (published model). Zero for
/// elementwise operations. With two cores each takes half of the channels, rounded up.
Cycles mac_cycles(const Traversal& traversal, const Box& block, int depth_block,
                  const SubKernel& sub, const Architecture& arch, const Accelerator& accelerator);

}  // namespace u65sim::timing
