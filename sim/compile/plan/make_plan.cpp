#include "compile/plan/make_plan.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "compile/constants.hpp"
#include "compile/plan/copy_maps.hpp"
#include "compile/plan/lifetimes.hpp"
#include "compile/plan/map_placer.hpp"
#include "compile/plan/refine_blocks.hpp"
#include "compile/plan/stream_weights.hpp"
#include "compile/plan/weight_delivery.hpp"

namespace u65sim::compiler {

namespace {

/// Weights take their room before maps do, with a dedicated SRAM. Returns false, and leaves the
/// plan unfinished, where counted ones found no places.
bool place_weights_first(PlannedProgram& plan, SlicePlaces places, Pass last) {
    MapPlacer placer(plan);
    placer.place_rolling();
    if (plan.rules.copies_inputs) {
        placer.add(copy_inputs(plan, placer.fast(), placer.limit(), placer.fast_region()));
    }
    stream_weights(plan, placer.fast_maps(), placer.limit(), placer.fast_region(), places);
    if (!placer.place_beside_weights() && places == SlicePlaces::counted) return false;
    if (last == Pass::stream_weights) return true;
    placer.place_rest();
    share_slices(plan);
    return true;
}

/// Bytes of its first map that an operation and the one that makes it access: once for each block
/// of its channels, and once.
std::int64_t map_accesses(const PlannedProgram& plan, const NpuOp& op) {
    const std::int64_t blocks = ceil_div(op.ofm.extent.c, op.kernel.block.depth);
    return plan.buffer(op.ifm).size * (blocks + 1);
}

/// Whether an operation's weights come in slices that pushed its first map out of the SRAM, though
/// that is accessed more.
bool pushes_map_out(const PlannedProgram& plan, const NpuOp& op, std::int64_t limit) {
    if (op.slices.size() < 2 || op.slices[0].buffer == no_buffer) return false;
    const Buffer& map = plan.buffer(op.ifm);
    if (map.kind != Placement::Kind::feature_map || map.pinned || map.region == region_fast ||
        map.size > limit) {
        return false;
    }
    std::int64_t bytes = 0;
    for (const WeightSlice& slice : op.slices) bytes += slice.size;
    return map_accesses(plan, op) > bytes * weight_passes(op);
}

/// The plan where weights stay off-chip that pushed maps out of the SRAM, if these are there then.
std::optional<PlannedProgram> plan_for_maps(PlannedProgram plan, const PlannedProgram& counted,
                                            Pass last) {
    std::vector<std::pair<std::size_t, std::size_t>> left;
    for (std::size_t s = 0; s < plan.segments.size(); ++s) {
        for (std::size_t i = 0; i < plan.segments[s].ops.size(); ++i) {
            if (!pushes_map_out(counted, counted.segments[s].ops[i], plan.sram)) continue;
            plan.segments[s].ops[i].weights_stay = true;
            left.emplace_back(s, i);
        }
    }
    if (left.empty() || !place_weights_first(plan, SlicePlaces::counted, last)) return {};
    const bool brings_all = std::all_of(left.begin(), left.end(), [&](const auto& at) {
        const NpuOp& op = plan.segments[at.first].ops[at.second];
        return plan.buffer(op.ifm).region == region_fast;
    });
    return brings_all ? std::optional{std::move(plan)} : std::nullopt;
}

}  // namespace

PlannedProgram make_plan(Program program, Pass last) {
    PlannedProgram plan{std::move(program)};
    choose_layouts(plan);
    find_lifetimes(plan);
    if (plan.takes(Pass::merge_in_place)) merge_in_place(plan);
    if (last == Pass::merge_in_place) return plan;
    if (plan.rules.weights_before_maps && plan.spilling() && last >= Pass::stream_weights) {
        PlannedProgram counted = plan;
        if (place_weights_first(counted, SlicePlaces::counted, last)) {
            if (last == Pass::stream_weights) return counted;
            auto for_maps = plan_for_maps(plan, counted, last);
            return for_maps ? std::move(*for_maps) : counted;
        }
        place_weights_first(plan, SlicePlaces::final, last);
        return plan;
    }
    MapPlacer placer(plan);
    placer.place_fast();
    if (last == Pass::place_maps) return plan;
    if (plan.takes(Pass::copy_maps) && plan.spilling()) {
        placer.add(copy_maps(plan, placer.fast(), placer.limit(), placer.fast_region()));
    }
    if (last == Pass::copy_maps) return plan;
    if (plan.takes(Pass::refine_blocks)) refine_blocks(plan, placer.fast_region());
    if (last == Pass::refine_blocks) return plan;
    if (plan.target->memory_mode != MemoryMode::sram_only) {
        stream_weights(plan, placer.fast_maps(), placer.limit(), placer.fast_region());
    }
    if (last == Pass::stream_weights || plan.is_given_up) return plan;
    placer.place_rest();
    share_slices(plan);
    return plan;
}

}  // namespace u65sim::compiler
