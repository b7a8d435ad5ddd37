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

}  // namespace

std::int64_t output_eighths_per_element(const KernelOp& op, const Architecture& arch) {
    std::int64_t eighths = std::int64_t{8} * lane_cycles(op) / arch.output_lanes;
    const bool table = op.activation.uses_lut() || op.activation.function != 0;
    if (table) eighths = std::max<std::int64_t>(eighths, 8);
    return std::max<std::int64_t>(eighths, shram_eighths(op));
}

Cycles output_cycles(const KernelOp& op, const Box& block, const Architecture& arch,
                     const Accelerator& accelerator) {
    const std::int64_t elements =
        std::int64_t{block.height} * block.width * ceil_div(block.depth, accelerator.cores);
    return Cycles{ceil_div(elements * output_eighths_per_element(op, arch), 8)};
}

}  // namespace u65sim::timing
