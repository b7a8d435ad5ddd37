// Weights on their way through the fast memory: copied as early as there is room, in the order of
// their use, whole or in depth slices, or read where they are.
#pragma once

#include <cstdint>
#include <vector>

#include "compile/plan/allocate.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// What a byte off-chip costs those who wait for other bytes there (calibrated on random networks:
/// about a third of what it takes alone).
inline constexpr double cycles_per_byte = 0.1;

/// The kernel of an operation with its maps where they live, for estimates; a map that has no place
/// yet counts as one in the arena.
stream::KernelOp placed_kernel(const Program& program, const NpuOp& op);

/// Blocks of an operation in height and width, over its stripes: so often its weights are read.
std::int64_t weight_passes(const NpuOp& op);

/// Finds every operation's weights a form: buffered whole, in slices that come and go, or read
/// from the constants, whichever is predicted to end first. `maps` are the lifetimes placed in
/// the fast memory of `limit` bytes without weights; where a slice has a buffer already, that
/// place is kept when nothing better is found. Operations cut into slices take more positions of
/// the execution order, so all times of the program are counted anew.
void stream_weights(Program& program, std::vector<Lifetime> maps, std::int64_t limit,
                    int fast_region);

}  // namespace u65sim::compiler
