#include "compile/plan/plan_search.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
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
        found.push_back(std::move(next));
    }
    return found;
}

PlanSearch::Results PlanSearch::smallest(std::vector<Result> found) {
    const auto best = std::min_element(
        found.begin(), found.end(),
        [&](const Result& a, const Result& b) { return value_of(a) < value_of(b); });
    Result result = std::move(*best);
    take_smaller_fast_plan(result);
    return {std::move(result), std::nullopt};
}

bool PlanSearch::is_same(const Result& a, const Result& b) const {
    // Where maps may spill, those that do are in the arena.
    const bool same_maps = !program_.spilling() || a.plan.arena_size == b.plan.arena_size;
    return same_maps && std::abs(a.cost - b.cost) <= tuning::same_cycles.of(a.cost);
}

PlanSearch::Results PlanSearch::fastest(std::vector<Result> found) const {
    std::string reason = "SRAM:";
    std::int64_t least = SizedSearch::useless;
    for (const Result& result : found) {
        reason += fmt::format(" {} cycles with {} B,", result.cost, result.variant.sram);
        least = std::min(least, result.cost);
    }
    std::vector<Result> finalists;
    for (Result& result : found) {
        const bool is_known =
            std::any_of(finalists.begin(), finalists.end(),
                        [&](const Result& other) { return is_same(other, result); });
        if (!is_known && tuning::certain_gain.of(result.cost) <= least) {
            finalists.push_back(std::move(result));
        }
    }
    std::stable_sort(finalists.begin(), finalists.end(),
                     [](const Result& a, const Result& b) { return a.cost < b.cost; });
    Results results;
    results.first = std::move(finalists[0]);
    if (finalists.size() > 1) {
        results.rival = std::move(finalists[1]);
        const Result& other = *results.rival;
        const bool is_clear = other.variant.sram > results.first.variant.sram ||
                              results.first.cost < tuning::larger_sram_gain.of(other.cost);
        if (!is_clear) std::swap(results.first, *results.rival);
    }
    reason.back() = ':';
    reason += fmt::format(" taken {} B", results.first.variant.sram);
    if (results.rival) reason += fmt::format(", or {} B", results.rival->variant.sram);
    results.first.plan.reasons.push_back(reason);
    if (results.rival) results.rival->plan.reasons.push_back(std::move(reason));
    return results;
}

PlanSearch::Results PlanSearch::run() {
    std::vector<Result> found = search_all();
    if (by_size()) return smallest(std::move(found));
    if (found.size() == 1) return {std::move(found.front()), std::nullopt};
    return fastest(std::move(found));
}

void PlanSearch::take_smaller_fast_plan(Result& best) {
    Program fast = program_;
    fast.options.optimise = Optimise::performance;
    Result other = PlanSearch(fast).run().first;
    other.plan.options.optimise = Optimise::size;
    if (value_of(other) < value_of(best)) best = std::move(other);
}

}  // namespace u65sim::compiler
