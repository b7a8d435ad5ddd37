#include "compile/plan/plan_search.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>
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

PlanSearch::Sizes PlanSearch::sizes() const {
    const std::int64_t all = program_.target->sram.size.count();
    const bool is_searched = program_.plans_for_less &&
                             program_.target->memory_mode != MemoryMode::sram_only &&
                             !program_.options.like_vela;
    const std::int64_t cramped = std::max(tuning::cramped_sram, tuning::cramped_maps.of(maps_));
    Sizes sizes;
    for (const std::int64_t size : planned_sizes) {
        if (size > all || !is_searched) break;
        if (!by_size() && !sizes.others.empty() && sizes.others.back() < cramped) {
            sizes.cramped.push_back(sizes.others.back());
            sizes.others.clear();
        }
        sizes.others.push_back(size);
        if (is_roomy(size)) break;
    }
    // A size between two of them, or above all, may bring what the one below cannot.
    if (sizes.others.empty() || (sizes.others.back() != all && !is_roomy(sizes.others.back()))) {
        sizes.others.push_back(all);
    }
    return sizes;
}

std::int64_t PlanSearch::value_of(const Result& result) const {
    if (!by_size() || result.is_useless()) return result.cost;
    return result.plan.fast_size + result.plan.arena_size;
}

std::vector<PlanSearch::Result> PlanSearch::search_all() {
    const Sizes all = sizes();
    std::vector<Result> found;
    std::int64_t least = SizedSearch::useless;
    for (const std::int64_t size : all.others) {
        const bool is_bounded = !by_size() && least != SizedSearch::useless;
        const std::int64_t too_many =
            is_bounded ? tuning::larger_sram_gain.of(least) : SizedSearch::useless;
        Result next = SizedSearch(program_, searches_, {size, is_roomy(size), too_many}).run();
        if (next.is_useless() && !found.empty()) continue;
        if (!found.empty() && found.front().is_useless()) found.clear();
        least = std::min(least, value_of(next));
        const std::unique_ptr<Result> staying = std::move(next.staying);
        found.push_back(std::move(next));
        if (staying) found.push_back(std::move(*staying));
    }
    search_cramped(all.cramped, found);
    return found;
}

void PlanSearch::search_cramped(const std::vector<std::int64_t>& sizes,
                                std::vector<Result>& found) {
    std::int64_t least = SizedSearch::useless;
    for (const Result& result : found) least = std::min(least, result.cost);
    std::set<Cascades> close = found.front().close;
    for (auto size = sizes.rbegin(); size != sizes.rend(); ++size) {
        const Result& more = found.front();
        if (more.is_useless() || tuning::certain_gain.of(more.cost) > least) return;
        const std::int64_t too_many = tuning::certain_gain.over(least);
        const auto search = [&](const std::set<Cascades>& only) {
            return SizedSearch(program_, searches_, {*size, false, too_many, &only}).run();
        };
        Result next = search({more.variant.cascades});
        // Where those that are best in more SRAM are clearly slower, so are others.
        if (next.is_tried && next.cost >= too_many) return;
        close.erase(more.variant.cascades);
        Result other = search(close);
        close = next.close;
        close.insert(other.close.begin(), other.close.end());
        if (other.cost < next.cost) next = std::move(other);
        if (next.is_useless()) return;
        const std::unique_ptr<Result> staying = std::move(next.staying);
        if (staying) found.insert(found.begin(), std::move(*staying));
        found.insert(found.begin(), std::move(next));
    }
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
    const auto first = std::find_if(finalists.begin(), finalists.end(), [&](const Result& result) {
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
