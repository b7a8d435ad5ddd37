// Kernels of the registers from operations: the only place where maps and weights get into them.
#pragma once

#include <cstdint>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// The kernel of an operation, `map_of_view(view)` giving each of its maps. A second operand that
/// is a scalar has a type and a zero point alone.
template <class MapOfView>
stream::KernelOp build_kernel(const NpuOp& op, MapOfView map_of_view) {
    stream::KernelOp k = op.kernel;
    k.ifm = map_of_view(op.ifm);
    k.ofm = map_of_view(op.ofm);
    if (!k.is_binary()) return k;
    if (k.broadcast.scalar) {
        k.ifm2.type = op.ifm.type;
        k.ifm2.zero_point = op.ifm2.zero_point;
    } else {
        k.ifm2 = map_of_view(op.ifm2);
    }
    return k;
}

/// The kernel with its maps where they live; one that has no place yet counts as one in the arena.
stream::KernelOp placed_kernel(const Program& program, const NpuOp& op);

/// Lets a kernel read its weights in a region; `offset` is where the slice stands there.
void set_weights(stream::KernelOp& kernel, const WeightSlice& slice, int region,
                 std::int64_t offset = 0);
/// The same for the first of an operation's slices, where it has any.
void set_first_weights(stream::KernelOp& kernel, const NpuOp& op, int region);
/// Leaves a kernel so many of its OFM's channels, and of its weights their share.
void keep_channels(stream::KernelOp& kernel, std::int32_t depth);

/// Where in memory a copy begins or goes.
struct CopyEnd {
    int region = 0;
    std::int64_t offset = 0;
};
/// A transfer of so many bytes in one piece.
stream::DmaOp memory_copy(const CopyEnd& from, const CopyEnd& to, std::int64_t bytes);

}  // namespace u65sim::compiler
