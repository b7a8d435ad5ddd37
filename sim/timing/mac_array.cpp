#include "timing/mac_array.hpp"

#include <algorithm>

#include "timing/hypothetical.hpp"

namespace u65sim::timing {

using stream::KernelKind;
using stream::KernelOp;

namespace {

/// Extra cycles a step waits for its own accumulators when a block has a single spatial ublock
/// (published estimator model).
int accumulator_delay(const KernelOp& op, const Accelerator& accelerator) {
    const bool acc40 = op.acc_format == stream::AccFormat::int40;
    switch (accelerator.macs_per_cycle) {
        case 32:
            return acc40 ? 7 : 3;
        case 64:
        case 128:
            return acc40 ? 3 : 2;
        default:
            return 2;
    }
}

/// Ublocks that cover `block`. On 256-MAC cores an operation of OFM height 1, kernel height 1 and
/// even OFM width takes ublocks of 4x1 instead of 2x2 (published model).
struct Extent {
    std::int64_t rows = 1, columns = 1;
};
Extent ublock_extent(const KernelOp& op, const Box& block, const Architecture& arch,
                     const Accelerator& accelerator) {
    int height = arch.ofm_ublock.height;
    int width = arch.ofm_ublock.width;
    if (accelerator.macs_per_cycle == 256 && op.kind != KernelKind::pool && op.ofm.height == 1 &&
        op.kernel.height == 1 && op.ofm.width % 2 == 0) {
        width *= height;
        height = 1;
    }
    return {ceil_div(block.height, height), ceil_div(block.width, width)};
}

/// Spatial ublocks that cover `block` on one core.
std::int64_t spatial_ublocks(const KernelOp& op, const Box& block, const Architecture& arch,
                             const Accelerator& accelerator) {
    const Extent extent = ublock_extent(op, block, arch, accelerator);
    return ceil_div(extent.rows * extent.columns, accelerator.hypothetical.ublocks);
}

}  // namespace

Cycles mac_cycles(const Traversal& traversal, const Box& block, int depth_block,
                  const SubKernel& sub, const Architecture& arch, const Accelerator& accelerator) {
    const KernelOp& op = traversal.op();
    if (op.kind == KernelKind::elementwise) return Cycles{0};
    const std::int64_t ublocks = spatial_ublocks(op, block, arch, accelerator);
    const std::int64_t groups =
        ceil_div(ceil_div(block.depth, accelerator.cores), arch.ofm_ublock.depth);
    const std::int64_t elements = sub.elements();
    const bool wide = bytes_of(op.ifm.type) > 1;
    const std::int64_t decode_floor = 32 * arch.ofm_ublock.depth / 8;

    if (op.kind == KernelKind::pool && op.pool_mode != stream::PoolMode::reduce_sum) {
        const std::int64_t twice = wide && accelerator.macs_per_cycle != 32 ? 2 : 1;
        return Cycles{std::max<std::int64_t>(4, elements) * ublocks * groups * twice};
    }

    std::int64_t steps = elements;  // depth-first and reduce-sum: one step a kernel element
    std::int64_t multiply_cycles = 4 * ublocks;
    std::int64_t input_groups = 1;
    if (op.kind == KernelKind::depthwise) {
        steps = ceil_div(elements, 4);
        if (wide) multiply_cycles = 8 * ublocks;
    } else if (op.kind == KernelKind::conv && op.kernel.part_kernel_first) {
        steps = ceil_div(elements, wide ? 2 : 4);
        const int size = traversal.depth_block_size();
        input_groups = ceil_div(std::min(size, op.ifm.depth - depth_block * size), 8);
    }
    std::int64_t cycles = std::max(decode_floor, multiply_cycles) * steps * input_groups * groups;
    if (accelerator.hypothetical != Hypothetical{}) {
        const std::int64_t all_steps = steps * input_groups * groups;
        const int size = traversal.depth_block_size();
        const std::int64_t channels =
            size == 0 ? block.depth : std::min(size, op.ifm.depth - depth_block * size);
        cycles = hypothetical_cycles({multiply_cycles * all_steps, decode_floor * all_steps},
                                     traversal, block, channels,
                                     depth_block + 1 == traversal.depth_blocks(), accelerator);
    }
    const std::int64_t delay = accumulator_delay(op, accelerator);
    if (accelerator.macs_per_cycle == 32 && op.acc_format == stream::AccFormat::int40 &&
        groups > 1) {
        const Extent extent = ublock_extent(op, block, arch, accelerator);
        if (extent.rows == 1 || extent.columns == 1) cycles += delay * groups * input_groups;
    }
    if (ublocks == 1) {
        if (groups == 1) {
            cycles += delay * steps * input_groups;
        } else if (steps > 1) {
            cycles += delay * (steps - 1) * groups * input_groups;
        }
    }
    return Cycles{cycles};
}

Cycles block_start_cycles(const KernelOp& op, const TimingConstants& timing) {
    if (op.kind == KernelKind::elementwise) return timing.block_start + timing.block_output_delay;
    return timing.block_start;
}

}  // namespace u65sim::timing
