#include "compile/plan/plan_search.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compile/plan/planned_sizes.hpp"
#include "compile/plan/tuning.hpp"

namespace u65sim::compiler {

PlanSearch::PlanSearch(const Program& program)
    : program_(program), searches_(program), maps_(most_alive(program)), everything_(maps_) {
    for_each_op(program, [&](const NpuOp& op) {
        if (!op.slices.empty()) everything_ += op.slices[0].size;
    });
    everything_ += tuning::lost_room.of(everything_);
}

std::vector<std::int64_t> PlanSearch::sizes() const {
    const std::int64_t all = program_.target->sram.size.count();
    const bool is_searched = program_.plans_for_less &&
                             program_.target->memory_mode != MemoryMode::sram_only &&
                             !program_.options.like_vela;
    const std::int64_t cramped = std::max(tuning::cramped_sram, tuning::cramped_maps.of(maps_));
    std::vector<std::int64_t> sizes;
    for (const std::int64_t size : planned_sizes) {
        if (size > all || !is_searched) break;
        // Where room is short any more of it counts: no smaller one is worth a look.
        const bool was_cramped = !by_size() && !sizes.empty() && sizes.back() < cramped;
        if (was_cramped) sizes.clear();
        sizes.push_back(size);
        if (is_roomy(size)) break;
    }
    // A size between two of them, or above all, may bring what the one below cannot.
    if (sizes.empty() || (sizes.back() != all && !is_roomy(sizes.back()))) sizes.push_back(all);
    return sizes;
}

PlanSearch::Result PlanSearch::search(std::int64_t sram, std::int64_t too_many_cycles) {
    return SizedSearch(program_, searches_, {sram, is_roomy(sram), too_many_cycles}).run();
}

std::int64_t PlanSearch::value_of(const Result& result) const {
    if (!by_size() || result.is_useless()) return result.cost;
    return result.plan.fast_size + result.plan.arena_size;
}

PlanSearch::Result PlanSearch::run() {
    const std::vector<std::int64_t> all = sizes();
    Result best = search(all.front(), SizedSearch::useless);
    for (std::size_t i = 1; i < all.size(); ++i) {
        const std::int64_t least = value_of(best);
        const std::int64_t less_than =
            by_size() || best.is_useless() ? least : tuning::larger_sram_gain.of(least);
        Result next = search(all[i], by_size() ? SizedSearch::useless : less_than);
        const bool is_better = value_of(next) < less_than;
        std::string reason = fmt::format("SRAM: {} {} with {} B, {} with {} B", least,
                                         by_size() ? "bytes" : "cycles", best.variant.sram,
                                         is_better ? "less" : "not clearly less", all[i]);
        if (is_better) best = std::move(next);
        best.plan.reasons.push_back(std::move(reason));
    }
    if (by_size()) take_smaller_fast_plan(best);
    return best;
}

void PlanSearch::take_smaller_fast_plan(Result& best) {
    Program fast = program_;
    fast.options.optimise = Optimise::performance;
    Result other = PlanSearch(fast).run();
    other.plan.options.optimise = Optimise::size;
    if (value_of(other) < value_of(best)) best = std::move(other);
}

}  // namespace u65sim::compiler
