#include "compile/plan/sized_search.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compile/cache.hpp"
#include "compile/passes.hpp"
#include "compile/plan/make_plan.hpp"
#include "compile/plan/tuning.hpp"
#include "compile/plan/vela_cascades.hpp"

namespace u65sim::compiler {

namespace {

/// Whether every segment has its ranges: a search finds none where an operation has no room.
bool is_whole(const Cascades& cascades, const Program& program) {
    return std::equal(cascades.begin(), cascades.end(), program.segments.begin(),
                      [](const std::vector<Range>& ranges, const Segment& segment) {
                          return ranges.empty() == segment.ops.empty();
                      });
}

}  // namespace

void PlanVariant::apply(Program& program) const {
    program.sram = sram;
    program.in_turns = in_turns;
    if (weights_stay) program.passes.reset(static_cast<std::size_t>(Pass::stream_weights));
    apply_cascades(program, cascades);
}

const CascadeSearches::Found& CascadeSearches::best(std::int64_t sram,
                                                    CascadeSearch::Weights weights) {
    const auto [known, is_new] = known_.try_emplace({sram, weights});
    Found& found = known->second;
    if (!is_new) return found;
    if (searches_.empty()) {
        for (const auto& segment : program_.segments) {
            searches_.emplace_back(program_, segment, *program_.estimator);
        }
    }
    for (auto& search : searches_) {
        CascadeSearch::Plan plan = search.best(sram, weights);
        found.cascades.push_back(std::move(plan.ranges));
        found.cycles += plan.cycles;
        found.weights_refused = found.weights_refused || plan.weights_refused;
    }
    return found;
}

SizedSearch::SizedSearch(const Program& program, CascadeSearches& searches, const Size& size)
    : program_(program),
      searches_(searches),
      size_(size),
      too_many_cycles_(size.too_many_cycles),
      by_size_(program.spilling() && program.options.optimise == Optimise::size) {}

bool SizedSearch::is_worth_it() const {
    return program_.takes(Pass::form_cascades) &&
           program_.target->memory_mode != MemoryMode::sram_only &&
           (by_size_ ||
            !(size_.is_roomy || most_alive(program_) <= tuning::small_maps.of(size_.bytes)));
}

std::vector<std::int64_t> SizedSearch::arenas() const {
    const Share& least =
        program_.spilling() ? tuning::least_arena : tuning::least_arena_without_spilling;
    std::vector<std::int64_t> result{size_.bytes};
    for (const std::int64_t smaller : tuning::smaller_arenas) {
        if (smaller < size_.bytes && (by_size_ || smaller >= least.of(size_.bytes))) {
            result.push_back(smaller);
        }
    }
    return result;
}

std::int64_t SizedSearch::cost_of(const PlannedProgram& plan) const {
    // Where nothing may spill, what does not fit is worth nothing.
    const bool fits = program_.spilling() || plan.arena_size <= size_.bytes;
    if (plan.is_given_up || !fits) return useless;
    return by_size_ ? plan.fast_size + plan.arena_size : predict_cycles(plan);
}

std::string SizedSearch::text_of(std::int64_t cost) const {
    if (cost == useless) return "(of no use)";
    return fmt::format("{} {}", cost, by_size_ ? "B" : "cycles");
}

std::string SizedSearch::compared(std::string_view what, std::int64_t cost,
                                  std::int64_t other) const {
    return fmt::format("{}: {}, else {}", what, text_of(cost), text_of(other));
}

PlannedProgram SizedSearch::plan_of(const PlanVariant& variant, std::int64_t too_many) const {
    Program trial = program_;
    variant.apply(trial);
    trial.too_many_cycles = too_many;
    return make_plan(std::move(trial));
}

SizedSearch::Result SizedSearch::run() {
    Result result;
    const bool by_room = program_.rules.cascades_by_room && program_.spilling() && !by_size_;
    if (is_worth_it() && !by_room) {
        result = search();
    } else {
        if (by_room && program_.takes(Pass::form_cascades)) {
            result.variant.cascades = vela_cascades(program_);
        }
        try_one(result);
        result.close.insert(result.variant.cascades);
    }
    if (result.is_useless()) return result;
    if (!by_size_ && !by_room) try_turns(result);
    try_staying(result);
    return result;
}

SizedSearch::Result SizedSearch::search() {
    Result result = plan_without();
    // Where nothing may spill, whole maps that fit are best as they are.
    if (!program_.spilling() && !result.is_useless()) return result;
    if (!by_size_ && !result.is_useless()) {
        const std::int64_t clear = tuning::cascade_gain.of(result.cost);
        too_many_cycles_ = size_.only == nullptr ? clear : std::min(clear, too_many_cycles_);
    }
    try_all();
    choose_best(result);
    return result;
}

void SizedSearch::try_variant(Result& result, const PlanVariant& variant, std::int64_t less_than,
                              std::string_view what) {
    PlannedProgram plan = plan_of(variant, less_than);
    const std::int64_t cost = cost_of(plan);
    std::string reason = compared(what, cost, result.cost);
    if (cost < less_than) {
        result.variant = variant;
        result.cost = cost;
        result.plan = std::move(plan);
    }
    result.plan.reasons.push_back(std::move(reason));
}

/// Where much is lost for want of room, maps may come when they are read.
void SizedSearch::try_turns(Result& result) {
    const std::int64_t crowded = result.plan.crowded_cycles;
    if (crowded == 0 || tuning::crowded_share.exceeds(crowded, result.cost)) return;
    PlanVariant variant = result.variant;
    variant.in_turns = true;
    try_variant(result, variant, result.cost, "maps take turns");
}

/// Where kernels wait for weights, or for what copies of weights delay, or where their buffers are
/// too much memory, these may stay.
void SizedSearch::try_staying(Result& result) {
    if (!program_.takes(Pass::stream_weights) || program_.rules.delivers_as_vela ||
        program_.target->memory_mode == MemoryMode::sram_only) {
        return;
    }
    PlanVariant variant = result.variant;
    variant.weights_stay = true;
    if (by_size_) {
        try_variant(result, variant, result.cost, "weights stay");
        return;
    }
    const bool waits = tuning::waiting_share.of(result.cost) > result.plan.kernel_cycles;
    const std::int64_t clear = tuning::staying_gain.of(result.cost);
    if (result.plan.staying_cycles >= clear &&
        !(waits && tuning::certain_gain.of(result.plan.staying_cycles) < result.cost)) {
        return;
    }
    auto staying = std::make_unique<Result>();
    staying->plan = plan_of(variant, useless);
    staying->cost = cost_of(staying->plan);
    staying->variant = std::move(variant);
    staying->reason = result.reason;
    std::string reason = compared("weights stay", staying->cost, result.cost);
    staying->plan.reasons.push_back(reason);
    if (staying->cost < clear) {
        result = std::move(*staying);
        return;
    }
    result.plan.reasons.push_back(std::move(reason));
    if (waits && tuning::certain_gain.of(staying->cost) < result.cost) {
        result.staying = std::move(staying);
    }
}

void SizedSearch::try_one(Result& result) const {
    result.variant.sram = size_.bytes;
    result.cost = useless;
    if (!is_tried(result.variant.cascades)) return;
    result.is_tried = true;
    result.plan = plan_of(result.variant, useless);
    result.cost = cost_of(result.plan);
}

bool SizedSearch::is_tried(const Cascades& cascades) const {
    return size_.only == nullptr || size_.only->count(cascades) > 0;
}

SizedSearch::Result SizedSearch::plan_without() {
    Result result;
    try_one(result);
    if (program_.spilling() || result.is_useless()) propose();
    return result;
}

void SizedSearch::propose() {
    std::set<Cascades> known;
    const auto add = [&](const CascadeSearches::Found& found, std::string name) {
        const Cascades& cascades = found.cascades;
        const bool too_slow =
            !by_size_ && tuning::hopeless_cascades.of(found.cycles) >= size_.too_many_cycles;
        if (too_slow || !has_cascades(cascades) || !is_whole(cascades, program_) ||
            !is_tried(cascades) || !known.insert(cascades).second) {
            return;
        }
        PlanVariant variant;
        variant.sram = size_.bytes;
        variant.cascades = cascades;
        proposals_.push_back(
            {std::move(variant), std::move(name), found.cycles, std::nullopt, useless});
    };
    using Weights = CascadeSearch::Weights;
    for (const std::int64_t arena : arenas()) {
        const CascadeSearches::Found& copied = searches_.best(arena, Weights::copied);
        add(copied, fmt::format("those for {} B", arena));
        if (!copied.weights_refused) continue;
        const CascadeSearches::Found& anywhere = searches_.best(arena, Weights::anywhere);
        if (anywhere.cycles < copied.cycles - tuning::anywhere_gain.of(copied.cycles)) {
            add(anywhere, fmt::format("those for {} B with weights off-chip", arena));
        }
    }
}

void SizedSearch::try_all() {
    for (Proposal& proposal : proposals_) {
        if (!by_size_ && tuning::hopeless_cascades.of(proposal.least) >= too_many_cycles_) continue;
        Program trial = program_;
        proposal.variant.apply(trial);
        trial.too_many_cycles = too_many_cycles_;
        proposal.plan = make_plan(std::move(trial));
        proposal.cost = cost_of(*proposal.plan);
    }
}

void SizedSearch::note_close(Result& result) const {
    std::int64_t least = result.cost;
    for (const Proposal& proposal : proposals_) least = std::min(least, proposal.cost);
    const auto is_close = [&](std::int64_t cost) { return tuning::certain_gain.of(cost) <= least; };
    if (!result.is_useless() && is_close(result.cost)) result.close.insert(result.variant.cascades);
    for (const Proposal& proposal : proposals_) {
        if (!proposal.plan) continue;
        const bool is_given_up = proposal.plan->is_given_up;
        const std::int64_t cost = is_given_up ? too_many_cycles_ : proposal.cost;
        if (cost != useless && is_close(cost)) result.close.insert(proposal.variant.cascades);
    }
}

void SizedSearch::choose_best(Result& result) {
    if (!by_size_) note_close(result);
    result.is_tried = result.is_tried || !proposals_.empty();
    std::int64_t least = by_size_ || result.is_useless() ? result.cost : too_many_cycles_;
    result.reason = fmt::format("cascades: none {}", text_of(result.cost));
    for (const Proposal& proposal : proposals_) {
        result.reason += fmt::format(", {} {}", proposal.name, text_of(proposal.cost));
    }
    // The smallest arena's come last.
    Proposal* best = nullptr;
    for (auto it = proposals_.rbegin(); it != proposals_.rend(); ++it) {
        if (it->cost >= least) continue;
        least = it->cost;
        best = &*it;
    }
    std::string taken = "none";
    if (best != nullptr) {
        taken = best->name;
        result.variant = std::move(best->variant);
        result.plan = *std::move(best->plan);
        result.cost = best->cost;
    }
    if (result.is_useless()) return;
    result.reason += fmt::format(": taken {}", taken);
    const auto behind = static_cast<std::ptrdiff_t>(program_.reasons.size());
    result.plan.reasons.insert(result.plan.reasons.begin() + behind, result.reason);
}

}  // namespace u65sim::compiler
