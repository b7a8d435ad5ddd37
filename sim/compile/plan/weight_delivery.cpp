#include "compile/plan/weight_delivery.hpp"

#include <algorithm>

#include "compile/encode/encode_weights.hpp"
#include "compile/plan/lifetimes.hpp"

namespace u65sim::compiler {

namespace {

/// Channels that the ublocks of all cores have together.
std::int32_t ublock_channels(const CompileContext& context) {
    return context.arch.ofm_ublock.depth * context.target->accelerator.cores;
}

}  // namespace

std::int64_t weight_passes(const NpuOp& op) {
    return op.stripes * ceil_div(op.ofm.extent.h, op.kernel.block.height) *
           ceil_div(op.ofm.extent.w, op.kernel.block.width);
}

bool may_be_sliced(const NpuOp& op) {
    return op.kernel.kind == stream::KernelKind::conv && op.stripes == 1 && !op.is_stripe();
}

bool may_be_sliced_with_input(const NpuOp& op) {
    return op.kernel.kind == stream::KernelKind::depthwise && op.stripes == 1 && !op.is_stripe() &&
           op.ifm.extent.c == op.ofm.extent.c;
}

std::int64_t room_for_turns(const NpuOp& op, std::int32_t channels) {
    const std::int64_t share = op.slices[0].size * channels / op.ofm.extent.c;
    return 2 * round_up(with_margin(share), allocation_alignment);
}

std::int32_t depth_of_turns(const NpuOp& op, std::int64_t limit) {
    const std::int32_t block = op.kernel.block.depth;
    return tuning::large_slices.exceeds(room_for_turns(op, block), limit)
               ? block
               : std::min(block, brick_channels);
}

std::vector<std::int32_t> depths_of(std::int32_t depth, std::int32_t first, std::int32_t step) {
    std::vector<std::int32_t> depths{std::min(first, depth)};
    for (std::int32_t c = first; c < depth; c += step) depths.push_back(std::min(step, depth - c));
    return depths;
}

std::int64_t with_margin(std::int64_t size) {
    return tuning::size_margin.of(size) + tuning::size_margin_bytes;
}

std::int64_t predicted_size(const WeightLoad& load, std::int64_t channels) {
    return with_margin(load.size * channels / load.op->ofm.extent.c);
}

std::int64_t sampled_size(const NpuOp& op, std::int32_t first, std::int32_t count,
                          const CompileContext& context) {
    return lay_out_slice(op, first, count, context, Sizing::sampled).size;
}

bool is_ragged(const NpuOp& op, const CompileContext& context) {
    const std::int32_t depth = op.ofm.extent.c;
    const std::int32_t unit = ublock_channels(context);
    return !tuning::ragged_share.exceeds(round_up(depth, unit) - depth, depth);
}

std::int32_t slice_unit(const NpuOp& op, const Program& program) {
    const bool is_plain = program.buffer(op.ofm).layout == stream::Layout::nhwc;
    return is_plain && is_ragged(op, program) ? std::min(ublock_channels(program), brick_channels)
                                              : brick_channels;
}

std::vector<std::int64_t> sizes_of(const std::vector<WeightSlice>& slices) {
    std::vector<std::int64_t> sizes;
    sizes.reserve(slices.size());
    for (const auto& slice : slices) sizes.push_back(slice.size);
    return sizes;
}

}  // namespace u65sim::compiler
