#include "compile/lower/block_shuffle.hpp"

#include <memory>
#include <utility>

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

/// A convolution that keeps elements as they are, all but one weight of each filter being zero.
NpuOp& add_shuffle(Lowering& lowering, const View& ifm, const View& ofm, std::int32_t height,
                   std::vector<std::uint8_t> weights) {
    NpuOp& npu = lowering.add(KernelKind::conv, ifm, ofm);
    npu.ifm.zero_point = npu.ofm.zero_point = 0;
    npu.kernel.rounding = stream::Rounding::natural;
    npu.kernel.kernel.height = npu.kernel.kernel.stride_y = height;
    if (ofm.extent.h == 1) npu.kernel.kernel.stride_y = 1;
    WeightSource w;
    w.outputs = ofm.extent.c;
    w.inputs = ifm.extent.c;
    w.height = height;
    w.data = ConstantData(std::move(weights));
    w.zero_points = {0};
    npu.weights = std::make_shared<const WeightSource>(std::move(w));
    npu.scales.assign(static_cast<std::size_t>(ofm.extent.c), {0, 1, 0});
    return npu;
}

/// The wide map with a block's columns as depth, and both with `fold` pixels of the deep one side
/// by side.
struct Folded {
    View deep, wide;
    std::int32_t run;  ///< elements of a block's row
};

Folded folded(Lowering& lowering, const BlockMaps& maps, std::int32_t fold) {
    const Extent &deep = maps.deep.extent, &wide = maps.wide.extent;
    const std::int32_t columns = deep.w / fold, run = maps.block * wide.c;
    return {lowering.reshaped(maps.deep, {deep.h, columns, fold * deep.c}),
            lowering.reshaped(maps.wide, {wide.h, columns, fold * run}), run};
}

/// A kernel for each row of the blocks.
int rows_from_depth(Lowering& lowering, const BlockMaps& maps, std::int32_t fold) {
    const auto [deep, wide, run] = folded(lowering, maps, fold);
    const Extent extent{deep.extent.h, wide.extent.w, wide.extent.c};
    const auto inputs = static_cast<std::size_t>(deep.extent.c);
    for (std::int32_t row = 0; row < maps.block; ++row) {
        std::vector<std::uint8_t> weights(static_cast<std::size_t>(extent.c) * inputs);
        for (std::int32_t to = 0; to < extent.c; ++to) {
            const std::int32_t from = (to / run * maps.block + row) * run + to % run;
            weights[static_cast<std::size_t>(to) * inputs + static_cast<std::size_t>(from)] = 1;
        }
        add_shuffle(lowering, deep, lowering.stepped(wide, row, 0, 0, extent, maps.block, 1), 1,
                    std::move(weights));
    }
    return maps.block;
}

/// One kernel, as high as the blocks.
int depth_from_rows(Lowering& lowering, const BlockMaps& maps, std::int32_t fold) {
    const auto [deep, wide, run] = folded(lowering, maps, fold);
    const auto inputs = static_cast<std::size_t>(wide.extent.c);
    const auto block = static_cast<std::size_t>(maps.block);
    std::vector<std::uint8_t> weights(static_cast<std::size_t>(deep.extent.c) * block * inputs);
    for (std::int32_t to = 0; to < deep.extent.c; ++to) {
        const std::int32_t row = to / run % maps.block;
        const std::int32_t from = to / (run * maps.block) * run + to % run;
        weights[(static_cast<std::size_t>(to) * block + static_cast<std::size_t>(row)) * inputs +
                static_cast<std::size_t>(from)] = 1;
    }
    add_shuffle(lowering, wide, deep, maps.block, std::move(weights));
    return 1;
}

}  // namespace

std::vector<std::int32_t> block_folds(const BlockMaps& maps) {
    constexpr std::int32_t least_depth = 8, most_depth = 256, most_stride = 3;
    std::vector<std::int32_t> folds;
    if (!maps.deep.whole() || !maps.wide.whole() || stream::bytes_of(maps.deep.type) > 2) return {};
    if (!maps.back && maps.block > most_stride) return {};
    const Extent& deep = maps.deep.extent;
    for (std::int32_t fold = 1; fold <= deep.w && fold * deep.c <= most_depth; ++fold) {
        if (deep.w % fold == 0 && fold * deep.c >= least_depth) folds.push_back(fold);
    }
    return folds;
}

int shuffle_blocks(Lowering& lowering, const BlockMaps& maps, std::int32_t fold) {
    return maps.back ? rows_from_depth(lowering, maps, fold)
                     : depth_from_rows(lowering, maps, fold);
}

std::int64_t shuffle_bytes(const BlockMaps& maps, std::int32_t fold) {
    const std::int64_t depth = std::int64_t{fold} * maps.deep.extent.c;
    return depth * depth / (maps.back ? maps.block : 1) / 4;
}

}  // namespace u65sim::compiler
