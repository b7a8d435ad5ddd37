#include "compile/plan/plan_search.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compile/cache.hpp"
#include "compile/passes.hpp"
#include "compile/plan/make_plan.hpp"
#include "compile/plan/tuning.hpp"

namespace u65sim::compiler {

namespace {

/// What a plan costs that does not fit.
constexpr std::int64_t does_not_fit = std::numeric_limits<std::int64_t>::max();

/// Whether every segment has its ranges: a search finds none where an operation has no room.
bool is_whole(const Cascades& cascades, const Program& program) {
    return std::equal(cascades.begin(), cascades.end(), program.segments.begin(),
                      [](const std::vector<Range>& ranges, const Segment& segment) {
                          return ranges.empty() == segment.ops.empty();
                      });
}

/// Whether all maps together are small beside the arena at every time: then little can be gained.
bool maps_are_small(const Program& program) {
    const std::vector<BufferUse> uses = uses_of(program);
    std::vector<std::int64_t> change(static_cast<std::size_t>(program.times) + 2, 0);
    for (std::size_t i = 0; i < uses.size(); ++i) {
        const Buffer& buffer = program.buffers[i];
        if (buffer.pinned || buffer.kind == Placement::Kind::constant || uses[i].first == no_time) {
            continue;
        }
        change[static_cast<std::size_t>(uses[i].first)] += uses[i].size;
        change[static_cast<std::size_t>(uses[i].last) + 1] -= uses[i].size;
    }
    const std::int64_t small = tuning::small_maps.of(program.target->sram.size.count());
    std::int64_t alive = 0;
    return std::all_of(change.begin(), change.end(), [&](std::int64_t by) {
        alive += by;
        return alive <= small;
    });
}

}  // namespace

PlanSearch::PlanSearch(const Program& program)
    : program_(program),
      by_size_(program.spilling() && program.options.optimise == Optimise::size),
      parallel_(program.spilling() && program.threads->is_parallel()) {}

bool PlanSearch::is_worth_it() const {
    return program_.takes(Pass::form_cascades) &&
           program_.target->memory_mode != MemoryMode::sram_only &&
           (by_size_ || !maps_are_small(program_));
}

std::vector<std::int64_t> PlanSearch::arenas() const {
    const std::int64_t arena = program_.target->sram.size.count();
    const Share& least =
        program_.spilling() ? tuning::least_arena : tuning::least_arena_without_spilling;
    std::vector<std::int64_t> result{arena};
    for (const std::int64_t smaller : tuning::smaller_arenas) {
        if (smaller < arena && (by_size_ || smaller >= least.of(arena))) result.push_back(smaller);
    }
    return result;
}

std::int64_t PlanSearch::cost_of(const PlannedProgram& plan) const {
    // Where nothing may spill, what does not fit is worth nothing.
    if (!program_.spilling() && plan.arena_size > program_.target->sram.size.count()) {
        return does_not_fit;
    }
    return by_size_ ? plan.fast_size + plan.arena_size : predict_cycles(plan);
}

std::string PlanSearch::text_of(std::int64_t cost) const {
    if (cost == does_not_fit) return "does not fit";
    return fmt::format("{} {}", cost, by_size_ ? "B" : "cycles");
}

PlanSearch::Result PlanSearch::run() {
    Result result;
    if (is_worth_it()) {
        result = search();
    } else if (program_.spilling() && program_.takes(Pass::copy_maps)) {
        result.plan = make_plan(program_);
    }
    if (result.plan) try_turns(result);
    return result;
}

PlanSearch::Result PlanSearch::search() {
    if (parallel_) {
        second_estimator_ = program_.cache->estimators.borrow(*program_.target, *program_.counters);
    }
    Result result = plan_without();
    // Where nothing may spill, whole maps that fit are best as they are.
    if (!program_.spilling() && plain_cost_ != does_not_fit) return result;
    try_all();
    choose_best(result);
    return result;
}

/// Where much is lost for want of room, maps may come when they are read.
void PlanSearch::try_turns(Result& result) {
    if (by_size_ || result.plan->crowded_cycles == 0) return;
    const std::int64_t cost = cost_of(*result.plan);
    if (tuning::crowded_share.exceeds(result.plan->crowded_cycles, cost)) return;
    Program trial = program_;
    trial.in_turns = true;
    apply_cascades(trial, result.cascades);
    PlannedProgram plan = make_plan(std::move(trial));
    const std::int64_t in_turns = cost_of(plan);
    std::string reason =
        fmt::format("maps: {} cycles as they stay, {} where they take turns", cost, in_turns);
    if (in_turns < cost) {
        result.in_turns = true;
        result.plan = std::move(plan);
    }
    result.plan->reasons.push_back(std::move(reason));
}

PlanSearch::Result PlanSearch::plan_without() {
    std::optional<ThreadPool::BackgroundTask> proposing;
    if (parallel_) proposing.emplace(*program_.threads, [this] { propose(); });
    Result result;
    result.plan = make_plan(program_);
    plain_cost_ = cost_of(*result.plan);
    if (proposing) {
        proposing->finish();
    } else if (program_.spilling() || plain_cost_ == does_not_fit) {
        propose();
    }
    return result;
}

void PlanSearch::propose() {
    // Estimators serve one thread.
    timing::KernelEstimator& estimator = parallel_ ? *second_estimator_ : *program_.estimator;
    std::vector<CascadeSearch> searches;
    for (const auto& segment : program_.segments) {
        searches.emplace_back(program_, segment, estimator);
    }
    std::set<Cascades> known;
    const auto add = [&](Cascades cascades, std::string name) {
        if (!has_cascades(cascades) || !is_whole(cascades, program_) ||
            !known.insert(cascades).second) {
            return;
        }
        proposals_.push_back({std::move(cascades), std::move(name), std::nullopt, 0});
    };
    using Weights = CascadeSearch::Weights;
    for (const std::int64_t arena : arenas()) {
        std::int64_t least_copied = 0;
        bool weights_refused = false;
        for (const Weights weights : {Weights::copied, Weights::anywhere}) {
            Cascades cascades;
            std::int64_t cycles = 0;
            for (auto& search : searches) {
                CascadeSearch::Plan plan = search.best(arena, weights);
                cascades.push_back(std::move(plan.ranges));
                cycles += plan.cycles;
                weights_refused = weights_refused || plan.weights_refused;
            }
            if (weights == Weights::copied) {
                add(std::move(cascades), fmt::format("those for {} B", arena));
                if (!weights_refused) break;
                least_copied = cycles;
            } else if (cycles < least_copied - tuning::anywhere_gain.of(least_copied)) {
                add(std::move(cascades),
                    fmt::format("those for {} B with weights off-chip", arena));
            }
        }
    }
}

void PlanSearch::try_proposals(const std::shared_ptr<timing::KernelEstimator>& estimator,
                               const std::shared_ptr<ThreadPool>& threads) {
    for (std::size_t i = next_++; i < proposals_.size(); i = next_++) {
        Proposal& proposal = proposals_[i];
        Program trial = program_;
        trial.estimator = estimator;
        trial.threads = threads;
        apply_cascades(trial, proposal.cascades);
        proposal.plan = make_plan(std::move(trial));
        proposal.cost = cost_of(*proposal.plan);
        proposal.plan->estimator = program_.estimator;
        proposal.plan->threads = program_.threads;
    }
}

void PlanSearch::try_all() {
    if (!parallel_ || proposals_.size() < 2) {
        try_proposals(program_.estimator, program_.threads);
        return;
    }
    const auto no_threads = std::make_shared<ThreadPool>(1);
    ThreadPool::BackgroundTask trying{*program_.threads,
                                      [&] { try_proposals(second_estimator_, no_threads); }};
    try_proposals(program_.estimator, program_.threads);
    trying.finish();
}

void PlanSearch::choose_best(Result& result) {
    std::int64_t least = by_size_ || plain_cost_ == does_not_fit
                             ? plain_cost_
                             : tuning::cascade_gain.of(plain_cost_);
    result.reason = fmt::format("cascades: none {}", text_of(plain_cost_));
    for (const Proposal& proposal : proposals_) {
        result.reason += fmt::format(", {} {}", proposal.name, text_of(proposal.cost));
    }
    // The smallest arena's come last.
    Proposal* best = nullptr;
    for (auto it = proposals_.rbegin(); it != proposals_.rend(); ++it) {
        if (it->cost >= least) continue;
        least = by_size_ ? it->cost : tuning::larger_arena_gain.of(it->cost);
        best = &*it;
    }
    std::string taken = "none";
    if (best != nullptr) {
        taken = best->name;
        result.cascades = std::move(best->cascades);
        result.plan = std::move(best->plan);
    }
    result.reason += fmt::format(": taken {}", taken);
    const auto behind = static_cast<std::ptrdiff_t>(program_.reasons.size());
    result.plan->reasons.insert(result.plan->reasons.begin() + behind, result.reason);
}

}  // namespace u65sim::compiler
