#include "compile/plan/refine_blocks.hpp"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "compile/build_kernel.hpp"
#include "compile/plan/choose_blocks.hpp"
#include "compile/plan/tuning.hpp"
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
                refine(
                    segment.ops, i, *now++,
                    tuning::least_operation_gain.of(all) / kernels[segment.ops[i].graph_operator]);
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

    PlannedProgram& program_;
    int weight_region_;
};

}  // namespace

void refine_blocks(PlannedProgram& program, int weight_region) {
    BlockRefiner(program, weight_region).run();
}

}  // namespace u65sim::compiler
