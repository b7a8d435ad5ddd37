#include "timing/output_unit.hpp"

#include <algorithm>

namespace u65sim::timing {

using stream::ElementwiseMode;
using stream::KernelKind;
using stream::KernelOp;

namespace {

int lane_cycles(const KernelOp& op) {
    const int ifm_bytes = bytes_of(op.ifm.type);
    const int ofm_bytes = bytes_of(op.ofm.type);
    if (op.kind == KernelKind::pool && op.pool_mode == stream::PoolMode::max) return 1;
    if (op.kind != KernelKind::elementwise) return ifm_bytes > 1 ? 3 : 2;
    switch (op.elementwise_mode) {
        case ElementwiseMode::add:
        case ElementwiseMode::sub:
            if (ofm_bytes == 4) return ifm_bytes == 4 ? 3 : 4;
            return 6;
        case ElementwiseMode::mul:
        case ElementwiseMode::shl:
        case ElementwiseMode::shr:
            return 3;
        default:
            return 2;
    }
}

/// SHRAM bandwidth of the elementwise engine, eighths of a cycle an element.
int shram_eighths(const KernelOp& op) {
    if (op.kind != KernelKind::elementwise) return 0;
    const int ifm_bytes = bytes_of(op.ifm.type);
    const int ofm_bytes = bytes_of(op.ofm.type);
    if (op.is_binary()) {
        if (ifm_bytes == 4) return 12;
        if (ifm_bytes == 2) return ofm_bytes == 2 ? 6 : 8;
        return ofm_bytes == 1 ? 1 : 6;
    }
    if (ifm_bytes == 4) return 8;
    if (ifm_bytes == 2) {
        const bool slow = op.elementwise_mode == ElementwiseMode::lrelu ||
                          op.elementwise_mode == ElementwiseMode::abs;
        return slow ? 4 : 2;
    }
    return 0;
}

/// Eighths of a cycle that one core needs for an element while all its lanes are at work.
std::int64_t lane_eighths(const KernelOp& op, const Architecture& arch) {
    return std::int64_t{8} * lane_cycles(op) / arch.output_lanes;
}

/// What takes elements one by one, not a row of lanes: a look-up, and SHRAM.
std::int64_t single_eighths(const KernelOp& op) {
    const bool table = op.activation.uses_lut() || op.activation.function != 0;
    return std::max<std::int64_t>(table ? 8 : 0, shram_eighths(op));
}

}  // namespace

Cycles output_cycles(const KernelOp& op, const Box& block, const Architecture& arch,
                     const Accelerator& accelerator) {
    const std::int64_t pixels = std::int64_t{block.height} * block.width;
    const std::int64_t depth = ceil_div(block.depth, accelerator.cores);
    const std::int64_t lanes = round_up(depth, arch.output_lanes) * lane_eighths(op, arch);
    return Cycles{ceil_div(pixels * std::max(lanes, depth * single_eighths(op)), 8)};
}

}  // namespace u65sim::timing
