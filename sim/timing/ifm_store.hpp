// How long a box of an input needs to enter the IFM buffer, whatever brings it.
#pragma once

#include <cstdint>

#include "stream/operation.hpp"
#include "timing/traversal.hpp"

namespace u65sim::timing {

/// Cycles in which `box` of `map`, an input of `op`, is put away. SHRAM takes 8 bytes of channels a
/// cycle: NHWCB16 comes in bricks of 16 channels, the last one whole however few are left; NHWC in
/// groups of 8 bytes of a pixel. Where output channels need one input channel each, every one of
/// `cores` keeps its own half of a brick only. Inferred from public measurements; an empty box
/// takes none.
std::int64_t store_cycles(const stream::KernelOp& op, const stream::FeatureMap& map, const Box& box,
                          int cores);

}  // namespace u65sim::timing
