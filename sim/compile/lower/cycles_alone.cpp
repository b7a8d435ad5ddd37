// What operations take alone, before blocks and places: to choose between forms of an operator.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "compile/build_kernel.hpp"
#include "compile/lower/lowering.hpp"
#include "compile/plan/choose_blocks.hpp"
#include "compile/plan/lifetimes.hpp"
#include "compile/plan/shram.hpp"

namespace u65sim::compiler {

namespace {

/// Whether a map may live in the fast memory of a spilling program.
bool may_be_fast(const Program& program, const View& view) {
    if (!program.spilling() || !view.valid()) return false;
    const Buffer& buffer = program.buffer(view);
    return !buffer.pinned && buffer.kind == Placement::Kind::feature_map;
}

std::int64_t map_bytes(const Program& program, const View& view) {
    const Buffer& buffer = program.buffer(view);
    return buffer.extent.elements() * stream::bytes_of(buffer.type);
}

/// Bytes of the largest map that the fast memory holds beside an operation's other ones and its
/// weights: of two that have no room together the smaller one. A map of which the operation uses a
/// part lives longer, and may have no room in the end.
std::int64_t most_fast_bytes(Program& program, const NpuOp& op, std::int64_t weights) {
    std::int64_t together = weights, largest = 0;
    int last = no_buffer;
    std::int64_t whole = 0;  // of the largest map of which it uses a part
    for (const View* view : {&op.ifm, &op.ifm2, &op.ofm}) {
        if (!may_be_fast(program, *view) || view->buffer == last) continue;
        last = view->buffer;
        together += map_bytes(program, *view);
        largest = std::max(largest, map_bytes(program, *view));
        if (view->extent != program.buffer(*view).extent) {
            whole = std::max(whole, map_bytes(program, *view));
        }
    }
    if (together <= program.sram) {
        program.largest_hoped_for = std::max(program.largest_hoped_for, whole);
    }
    return together <= program.sram ? largest : largest - 1;
}

/// Wider blocks than chosen at first, which write longer runs, where these are faster:
/// refine_blocks gives them to operations without weights.
std::int64_t with_wider_blocks(const Program& program, const NpuOp& op, stream::KernelOp k) {
    std::int64_t least = program.estimator->total(k).count();
    const ShramUser user = shram_user(op);
    const BlockShape first = k.block;
    const auto whole =
        static_cast<std::int32_t>(round_up(user.ofm_w, program.arch.ofm_ublock.width));
    const std::int32_t most = std::min(whole, program.arch.max_block.width);
    for (std::int32_t width = first.width; width < most;) {
        width = std::min(2 * width, most);
        for (std::int32_t height = first.height; height >= program.arch.ofm_ublock.height;
             height /= 2) {
            const BlockShape block{height, width, first.depth};
            const auto layout = lay_out(user, block, program.arch);
            if (!layout) continue;
            layout->apply(k, block);
            least = std::min(least, program.estimator->total(k).count());
            break;
        }
    }
    return least;
}

}  // namespace

std::int64_t cycles_alone(Program& program, NpuOp op, std::int64_t weights) {
    choose_block(op, program);
    stream::KernelOp k = placed_kernel(program, op);
    // Maps that may live in the fast memory mostly do; others lie off-chip as they will.
    const std::int64_t most = most_fast_bytes(program, op, weights);
    const auto place = [&](stream::FeatureMap& map, const View& view) {
        if (!may_be_fast(program, view)) return;
        const Buffer& buffer = program.buffer(view);
        if (map_bytes(program, view) <= most) {
            map.region = region_fast;
        } else if (!buffer.linear && !must_be_linear(view, buffer)) {
            map = map_of(view, region_arena, layout_for(program, view.storage));
        }
    };
    place(k.ifm, op.ifm);
    place(k.ifm2, op.ifm2);
    place(k.ofm, op.ofm);
    const auto cores = static_cast<std::uint32_t>(program.target->accelerator.cores);
    for (std::uint32_t core = 0; weights > 0 && core < cores; ++core) {
        k.weights[core].length = std::max(static_cast<std::uint32_t>(weights) / cores, 1U);
        k.scales[core].length =
            std::max(10 * static_cast<std::uint32_t>(op.ofm.extent.c) / cores, 10U);
    }
    const bool is_refined = program.takes(Pass::refine_blocks);
    return is_refined ? with_wider_blocks(program, op, k) : program.estimator->total(k).count();
}

std::int64_t cycles_of_last(Lowering& lowering, int count, std::int64_t weights) {
    std::int64_t cycles = 0;
    for (; count > 0; --count) {
        NpuOp op = lowering.drop();
        const std::int64_t own = op.weights ? weights : 0;
        cycles += cycles_alone(lowering.program(), std::move(op), own);
    }
    return cycles;
}

}  // namespace u65sim::compiler
