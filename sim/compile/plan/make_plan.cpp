#include "compile/plan/make_plan.hpp"

#include <utility>

#include "compile/constants.hpp"
#include "compile/plan/copy_maps.hpp"
#include "compile/plan/lifetimes.hpp"
#include "compile/plan/map_placer.hpp"
#include "compile/plan/refine_blocks.hpp"
#include "compile/plan/stream_weights.hpp"

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
            return counted;
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
