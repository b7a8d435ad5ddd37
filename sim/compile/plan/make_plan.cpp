#include "compile/plan/make_plan.hpp"

#include <utility>

#include "compile/constants.hpp"
#include "compile/plan/copy_maps.hpp"
#include "compile/plan/lifetimes.hpp"
#include "compile/plan/map_placer.hpp"
#include "compile/plan/refine_blocks.hpp"
#include "compile/plan/stream_weights.hpp"

namespace u65sim::compiler {

PlannedProgram make_plan(Program program, Pass last) {
    PlannedProgram plan{std::move(program)};
    choose_layouts(plan);
    find_lifetimes(plan);
    if (plan.takes(Pass::merge_in_place)) merge_in_place(plan);
    if (last == Pass::merge_in_place) return plan;
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
