#include "compile/build_kernel.hpp"

namespace u65sim::compiler {

stream::KernelOp placed_kernel(const Program& program, const NpuOp& op) {
    return build_kernel(op, [&](const View& view) {
        stream::FeatureMap map = resolve(program, view);
        if (map.region == no_region) map.region = region_arena;
        return map;
    });
}

void set_weights(stream::KernelOp& kernel, const WeightSlice& slice, int region,
                 std::int64_t offset) {
    kernel.weights = slice.weights;
    kernel.scales = slice.scales;
    for (auto* ranges : {&kernel.weights, &kernel.scales}) {
        for (stream::ByteRange& range : *ranges) {
            range.base += static_cast<std::uint64_t>(offset);
        }
    }
    kernel.weight_region = kernel.scale_region = region;
}

void keep_channels(stream::KernelOp& kernel, std::int32_t depth) {
    for (auto* ranges : {&kernel.weights, &kernel.scales}) {
        for (stream::ByteRange& range : *ranges) {
            range.length =
                static_cast<std::uint32_t>(std::int64_t{range.length} * depth / kernel.ofm.depth);
        }
    }
    kernel.ofm.depth = depth;
    if (kernel.kind == stream::KernelKind::depthwise) kernel.ifm.depth = depth;
}

stream::DmaOp memory_copy(const CopyEnd& from, const CopyEnd& to, std::int64_t bytes) {
    stream::DmaOp copy;
    copy.source = {from.region, false, static_cast<std::uint64_t>(from.offset)};
    copy.destination = {to.region, false, static_cast<std::uint64_t>(to.offset)};
    copy.length = static_cast<std::uint64_t>(bytes);
    return copy;
}

void set_first_weights(stream::KernelOp& kernel, const NpuOp& op, int region) {
    if (op.slices.empty()) {
        kernel.weight_region = kernel.scale_region = region;
    } else {
        set_weights(kernel, op.slices[0], region);
    }
}

}  // namespace u65sim::compiler
