#include "compile/plan/plan_search.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "compile/plan/planned_sizes.hpp"
#include "compile/plan/tuning.hpp"

namespace u65sim::compiler {

namespace {

std::string name_of(const PlanVariant& variant) {
    return fmt::format("{} B{}", variant.sram,
                       variant.weights_stay ? " and weights that stay" : "");
}

/// Plans of the same predicted cycles and spilled bytes are nearly always one.
bool same(const SizedSearch::Result& a, const SizedSearch::Result& b) {
    return a.cost == b.cost && a.plan.arena_size == b.plan.arena_size;
}

}  // namespace

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

std::vector<PlanSearch::Result> PlanSearch::search_all() {
    std::vector<Result> found;
    std::int64_t least = SizedSearch::useless;
    for (const std::int64_t size : sizes()) {
        const bool is_bounded = !by_size() && least != SizedSearch::useless;
        Result next =
            search(size, is_bounded ? tuning::larger_sram_gain.of(least) : SizedSearch::useless);
        if (next.is_useless() && !found.empty()) continue;
        if (!found.empty() && found.front().is_useless()) found.clear();
        least = std::min(least, value_of(next));
        const std::unique_ptr<Result> staying = std::move(next.staying);
        found.push_back(std::move(next));
        if (staying) found.push_back(std::move(*staying));
    }
    return found;
}

PlanSearch::Result PlanSearch::smallest(std::vector<Result> found) {
    const auto best = std::min_element(
        found.begin(), found.end(),
        [&](const Result& a, const Result& b) { return value_of(a) < value_of(b); });
    Result result = std::move(*best);
    take_smaller_fast_plan(result);
    return result;
}

PlanSearch::Results PlanSearch::fastest(std::vector<Result> found) {
    std::string reason = "SRAM:";
    std::int64_t least = SizedSearch::useless;
    for (const Result& result : found) {
        reason += fmt::format(" {} cycles with {},", result.cost, name_of(result.variant));
        least = std::min(least, result.cost);
    }
    Results finalists;
    for (Result& result : found) {
        const bool is_known = std::any_of(finalists.begin(), finalists.end(),
                                          [&](const Result& other) { return same(other, result); });
        const bool may_be_best = tuning::certain_gain.of(result.cost) <= least;
        if (may_be_best && !is_known) finalists.push_back(std::move(result));
    }
    const auto first =
        std::find_if(finalists.begin(), finalists.end(), [&](const Result& result) {
            return tuning::larger_sram_gain.of(result.cost) <= least;
        });
    std::rotate(finalists.begin(), first, first + 1);
    reason.back() = ':';
    reason += fmt::format(" taken {}", name_of(finalists[0].variant));
    for (std::size_t i = 1; i < finalists.size(); ++i) {
        reason += fmt::format(", or {}", name_of(finalists[i].variant));
    }
    for (Result& result : finalists) result.plan.reasons.push_back(reason);
    return finalists;
}

PlanSearch::Results PlanSearch::run() {
    Results found = search_all();
    if (!by_size() && found.size() > 1) return fastest(std::move(found));
    Results one;
    one.push_back(by_size() ? smallest(std::move(found)) : std::move(found.front()));
    return one;
}

void PlanSearch::take_smaller_fast_plan(Result& best) {
    Program fast = program_;
    fast.options.optimise = Optimise::performance;
    Result other = std::move(PlanSearch(fast).run().front());
    other.plan.options.optimise = Optimise::size;
    if (value_of(other) < value_of(best)) best = std::move(other);
}

}  // namespace u65sim::compiler
