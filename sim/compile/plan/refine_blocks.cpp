#include "compile/plan/refine_blocks.hpp"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "compile/build_kernel.hpp"
#include "compile/constants.hpp"
#include "compile/plan/choose_blocks.hpp"
#include "compile/plan/lifetimes.hpp"
#include "compile/plan/tuning.hpp"
#include "compile/plan/weight_delivery.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

using stream::KernelOp;

namespace {

/// Maps begin at multiples of this, but for parts of others: bytes.
constexpr std::uint64_t brick_alignment = 16;

/// Extents of one axis to try, ascending: each divides it into fewer pieces than those before, and
/// is at least a quarter larger.
std::vector<std::int32_t> extents(std::int32_t size, std::int32_t most, std::int32_t unit) {
    std::vector<std::int32_t> result;
    for (std::int32_t extent = unit; extent <= round_up(std::min(size, most), unit);
         extent += unit) {
        const bool near =
            !result.empty() && (ceil_div(size, result.back()) == ceil_div(size, extent) ||
                                tuning::next_extent.exceeds(extent, result.back()));
        if (!near) result.push_back(extent);
    }
    return result;
}

class BlockRefiner {
public:
    BlockRefiner(PlannedProgram& program, int weight_region)
        : program_(program), weight_region_(weight_region) {}

    void run() {
        std::int64_t all = 0;
        std::vector<timing::KernelTimes> times;
        // Many small kernels of one operator are alike: what one of them gains all do.
        std::unordered_map<std::int32_t, std::int64_t> kernels;
        for (const auto& segment : program_.segments) {
            for (const NpuOp& op : segment.ops) {
                if (op.is_stripe()) continue;
                ++kernels[op.graph_operator];
                times.push_back(program_.estimator->times(kernel_of(op)));
                all += times.back().total.count();
            }
        }
        auto now = times.begin();
        for (auto& segment : program_.segments) {
            for (std::size_t i = 0; i < segment.ops.size(); ++i) {
                if (segment.ops[i].is_stripe()) continue;
                const std::int64_t worth =
                    tuning::least_operation_gain.of(all) / kernels[segment.ops[i].graph_operator];
                refine(segment.ops, i, *now++, worth);
                fill_array(segment.ops[i], worth);
                if (in_reach(segment.ops[i])) continue;
                fold_row(segment.ops[i], worth);
                read_less_often(segment.ops[i], worth);
            }
        }
    }

private:
    [[nodiscard]] KernelOp kernel_of(const NpuOp& op) const {
        KernelOp k = placed_kernel(program_, op);
        set_first_weights(k, op, weight_region_);
        // Where in a burst they begin matters little, and like operations are then worked out once.
        for (stream::FeatureMap* map : {&k.ifm, &k.ifm2, &k.ofm}) {
            for (auto& base : map->base) base %= brick_alignment;
        }
        return k;
    }

    /// Large weights may yet be read where they are.
    [[nodiscard]] bool in_reach(const NpuOp& op) const {
        return op.slices.empty() || op.slices[0].buffer != no_buffer ||
               tuning::large_weights.exceeds(op.slices[0].size, program_.sram);
    }

    /// Cycles of operation `at` as kernel `k`: neighbours of another SHRAM layout hide nothing.
    [[nodiscard]] static std::int64_t cycles_among(const std::vector<NpuOp>& ops, std::size_t at,
                                                   const KernelOp& k,
                                                   const timing::KernelTimes& times) {
        std::int64_t cycles = times.total.count();
        if (at > 0 && !k.shares_shram_layout(ops[at - 1].kernel)) cycles += times.fill.count();
        if (at + 1 < ops.size() && !k.shares_shram_layout(ops[at + 1].kernel)) {
            cycles += times.fill.count();
        }
        return cycles;
    }

    /// `now` is what the operation takes as it is.
    void refine(std::vector<NpuOp>& ops, std::size_t at, const timing::KernelTimes& now,
                std::int64_t worth) {
        NpuOp& op = ops[at];
        const auto cost = [&](const KernelOp& k, const timing::KernelTimes& times) {
            return cycles_among(ops, at, k, times);
        };
        std::int64_t least = cost(op.kernel, now) * (100 - tuning::least_block_gain) / 100;
        const std::int64_t floor = std::max(now.mac, now.output).count();
        if (floor >= least || now.total.count() - floor < worth) return;
        KernelOp k = kernel_of(op);
        // Weights that stay where they are must not take longer then.
        const bool copied = in_reach(op);
        const auto direct = [&] {
            KernelOp off_chip = k;
            off_chip.weight_region = off_chip.scale_region = region_constants;
            return program_.estimator->total(off_chip).count();
        };
        const std::int64_t most_direct = copied ? 0 : direct();
        const ShramUser user = shram_user(op);
        const BlockShape& u = program_.arch.ofm_ublock;
        const BlockShape& most = program_.arch.max_block;
        const BlockShape before = k.block;
        const std::int64_t area = std::int64_t{before.height} * before.width;
        const std::vector<std::int32_t> widths = extents(user.ofm_w, most.width, u.width);
        const std::vector<std::int32_t> heights = extents(user.ofm_h, most.height, u.height);
        const auto try_depth = [&](std::int32_t depth) {
            std::size_t fitting = widths.size();
            for (const auto height : heights) {
                for (std::size_t w = 0; w < fitting; ++w) {
                    const BlockShape block{height, widths[w], depth};
                    if (block == before ||
                        tuning::least_block_area.exceeds(std::int64_t{height} * widths[w], area))
                        continue;
                    const auto layout = lay_out(user, block, program_.arch);
                    if (!layout) {
                        fitting = w;
                        break;
                    }
                    layout->apply(k, block);
                    if (program_.estimator->least(k).count() >= least) continue;
                    const std::int64_t cycles = cost(k, program_.estimator->times(k));
                    if (cycles >= least || (!copied && direct() > most_direct)) continue;
                    least = cycles;
                    layout->apply(op.kernel, block);
                }
            }
        };
        try_depth(before.depth);
        // Weights are stored in the order of their depth; plain rows come in one piece when a block
        // has all channels.
        const auto all =
            static_cast<std::int32_t>(round_up(std::min(user.ofm_c, most.depth), u.depth));
        const bool plain =
            k.ofm.layout == stream::Layout::nhwc || k.ifm.layout == stream::Layout::nhwc;
        if (!op.weights && plain && all != before.depth) try_depth(all);
    }

    /// Another depth of blocks where half of the array is idle as it is: what jobs of few steps
    /// wait for weighs more than bytes fetched.
    void fill_array(NpuOp& op, std::int64_t worth) {
        if (!may_be_sliced(op) || op.slices.empty() || op.slices[0].buffer != no_buffer) return;
        const stream::Kernel& window = op.kernel.kernel;
        const std::int64_t products =
            op.ofm.extent.elements() * op.ifm.extent.c * window.height * std::int64_t{window.width};
        const std::int64_t ideal = products / program_.target->accelerator.macs_per_cycle /
                                   program_.target->accelerator.cores;
        // Products of few positions are as fast as their weights come.
        const std::int64_t size = op.slices[0].size;
        if (program_.estimator->weight_reads(size, region_constants).count() > ideal) return;
        Reads least = reads_of(op);
        if (!tuning::idle_array.exceeds(ideal, least.fast) || least.fast - ideal < worth) return;
        const ShramUser user = shram_user(op);
        const NpuOp before = op;
        const std::int32_t unit = program_.arch.ofm_ublock.depth;
        const std::int32_t most = static_cast<std::int32_t>(
            round_up(std::min(user.ofm_c, program_.arch.max_block.depth), unit));
        for (std::int32_t depth = brick_channels; depth <= most; depth *= 2) {
            const BlockShape block{before.kernel.block.height, before.kernel.block.width, depth};
            const auto layout = lay_out(user, block, program_.arch);
            if (!layout || depth == before.kernel.block.depth) continue;
            NpuOp other = before;
            layout->apply(other.kernel, block);
            other.slices = {make_whole(program_, other)};
            const Reads reads = reads_of(other);
            if (!reads.gains(least) || reads.fast >= least.fast) continue;
            least = reads;
            op = std::move(other);
        }
    }

    /// Cycles of an operation with its weights in SRAM, and off-chip.
    struct Reads {
        std::int64_t fast = 0, direct = 0;
        /// Whether this is faster than `other` by what predictions are good to.
        [[nodiscard]] bool gains(const Reads& other) const {
            return direct * 100 < other.direct * (100 - tuning::least_block_gain) &&
                   fast * 100 <= other.fast * (100 + tuning::least_block_gain);
        }
    };
    [[nodiscard]] Reads reads_of(const NpuOp& op) const {
        const auto [fast, direct] = program_.estimator->weight_placements(
            kernel_of(op), {weight_region_, region_constants});
        return {fast.count(), direct.count()};
    }

    /// A row of a map as rows of a piece each, where a 1x1 window makes no difference between them
    /// and blocks, which are no wider than so much, then cover more of it.
    void fold_row(NpuOp& op, std::int64_t worth) {
        if (!is_one_row(op) || weight_passes(op) == 1) return;
        Reads least = reads_of(op);
        if (least.direct - least.fast < worth) return;
        const NpuOp before = op;
        const std::int32_t width = op.ofm.extent.w;
        for (std::int32_t rows = 2; rows <= program_.arch.max_block.height; ++rows) {
            if (width % rows != 0 || width / rows > program_.arch.max_block.width) continue;
            NpuOp folded = before;
            for (View* view : {&folded.ifm, &folded.ofm}) {
                const bool bricks = program_.buffer(*view).layout == stream::Layout::nhcwb16;
                view->extent.h = rows;
                view->extent.w = width / rows;
                view->stride_y =
                    std::int64_t{view->extent.w} * (bricks ? brick_channels : view->storage.c);
            }
            choose_block(folded, program_);
            if (weight_passes(folded) >= weight_passes(before)) continue;
            folded.slices = {make_whole(program_, folded)};
            const Reads reads = reads_of(folded);
            if (!reads.gains(least)) continue;
            least = reads;
            op = std::move(folded);
        }
    }

    /// Whether an operation takes a row to a row, position by position.
    [[nodiscard]] static bool is_one_row(const NpuOp& op) {
        const auto is_row = [](const View& view) {
            return view.extent.h == 1 && view.row_again == Again::none &&
                   view.column_again == Again::none && !view.stride_x && !view.stride_y;
        };
        const stream::KernelOp& k = op.kernel;
        return may_be_sliced(op) && is_row(op.ifm) && is_row(op.ofm) &&
               op.ifm.extent.w == op.ofm.extent.w && k.kernel.dilated_height() == 1 &&
               k.kernel.dilated_width() == 1 && k.kernel.stride_x == 1 &&
               k.upscale == stream::Upscale::none;
    }

    /// Shallower blocks that cover more of the map, where weights that may stay off-chip are read
    /// anew for each block position: they must take less time with weights there, and no more with
    /// weights in SRAM.
    void read_less_often(NpuOp& op, std::int64_t worth) {
        const std::int64_t passes = weight_passes(op);
        if (passes == 1 || !may_be_sliced(op)) return;
        const Reads now = reads_of(op);
        if (now.direct - now.fast < worth) return;
        KernelOp k = kernel_of(op);
        KernelOp off_chip = k;
        off_chip.weight_region = off_chip.scale_region = region_constants;
        Reads least = now;
        const ShramUser user = shram_user(op);
        const Architecture& arch = program_.arch;
        const std::int32_t deepest = k.block.depth;
        bool is_found = false;
        const auto consider = [&](const BlockShape& block) {
            if (ceil_div(user.ofm_h, block.height) * ceil_div(user.ofm_w, block.width) >= passes) {
                return;
            }
            const auto layout = lay_out(user, block, arch);
            if (!layout) return;
            layout->apply(off_chip, block);
            if (program_.estimator->least(off_chip).count() >= least.direct) return;
            layout->apply(k, block);
            const Reads reads{program_.estimator->total(k).count(),
                              program_.estimator->total(off_chip).count()};
            if (!reads.gains(now) || reads.direct >= least.direct) return;
            least = reads;
            layout->apply(op.kernel, block);
            is_found = true;
        };
        const auto widths = extents(user.ofm_w, arch.max_block.width, arch.ofm_ublock.width);
        const auto heights = extents(user.ofm_h, arch.max_block.height, arch.ofm_ublock.height);
        const std::int32_t step = std::max(arch.ofm_ublock.depth, brick_channels);
        for (const std::int32_t depth : extents(user.ofm_c, deepest - 1, step)) {
            if (depth >= deepest) continue;
            for (const std::int32_t height : heights) {
                for (const std::int32_t width : widths) consider({height, width, depth});
            }
        }
        // Weights are stored in the order of a block's depth.
        if (is_found) op.slices = {make_whole(program_, op)};
    }

    PlannedProgram& program_;
    int weight_region_;
};

}  // namespace

void refine_blocks(PlannedProgram& program, int weight_region) {
    BlockRefiner(program, weight_region).run();
}

}  // namespace u65sim::compiler
