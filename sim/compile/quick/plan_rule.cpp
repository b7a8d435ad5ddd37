#include "compile/quick/plan_rule.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "compile/plan/tuning.hpp"
#include "compile/quick/cascade_rule.hpp"

namespace u65sim::compiler::quick {

namespace {

/// Deliveries that are expected to end in so many cycles may turn out to end before those of
/// another plan by the clock, which differs in what is waited for: parts of all cycles and of those
/// waits. On 40 networks of each space of bench/quick_error, for U65-256 and U65-512, 11 of 800
/// would have had another answer with a limit of a tenth of all cycles, by 0.8 % in the mean.
constexpr Share uncertain{1, 1000}, uncertain_wait{4, 100};

/// With all weights in the fast memory: no less is expected.
std::int64_t kernel_cycles(const PlacedMaps& maps) {
    std::int64_t sum = 0;
    for (const Position& position : maps.positions) sum += position.fast.total;
    return sum;
}

/// Where kernels wait for weights, or for what copies of weights delay, these may stay where they
/// are: the machine decides between plans that are close, as SizedSearch has it.
void try_staying(const QuickNetwork& network, const PlacedMaps& maps, TimeLine& line) {
    const Program& program = network.program;
    if (!program.takes(Pass::stream_weights) ||
        program.target->memory_mode == MemoryMode::sram_only) {
        return;
    }
    const std::int64_t kernels = kernel_cycles(maps);
    std::int64_t staying = 0;
    for (const Position& position : maps.positions) {
        const bool is_kept = position.times != nullptr && position.times->passes > 1;
        staying += is_kept ? position.fast.total : position.direct.total;
    }
    const bool waits = tuning::waiting_share.of(line.cycles) > kernels;
    const std::int64_t clear = tuning::staying_gain.of(line.cycles);
    if (staying >= clear && !(waits && tuning::certain_gain.of(staying) < line.cycles)) return;
    TimeLine stay = deliver_weights(network, maps, Weights::stay);
    run_clock(network, maps, stay);
    if (stay.cycles < (waits ? line.cycles : clear)) line = std::move(stay);
}

void time_plan(const QuickNetwork& network, TimedPlan& plan) {
    run_clock(network, plan.maps, plan.line);
    try_staying(network, plan.maps, plan.line);
}

/// Maps may come when they are read, as SizedSearch tries it.
void try_turns(const QuickNetwork& network, MapSavings& savings,
               const std::vector<QuickRange>& ranges, TimedPlan& plan) {
    const TimeLine& line = plan.line;
    if (!network.program.spilling() || !network.program.takes(Pass::copy_maps) || line.lost == 0 ||
        tuning::crowded_share.exceeds(line.lost, line.cycles)) {
        return;
    }
    TimedPlan turns{place_maps(network, savings, ranges, line.starved), {}};
    turns.line = deliver_weights(network, turns.maps, Weights::copied);
    time_plan(network, turns);
    if (turns.line.cycles < line.cycles) plan = std::move(turns);
}

std::vector<QuickRange> one_by_one(const QuickNetwork& network) {
    std::vector<QuickRange> ranges;
    for (std::size_t i = 0; i < network.ops.size(); ++i) ranges.push_back({i, i, 0});
    return ranges;
}

bool has_cascades(const std::vector<QuickRange>& ranges) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [](const QuickRange& range) { return range.is_cascade(); });
}

/// Bytes that cascades may take.
std::vector<std::int64_t> arenas(const QuickNetwork& network) {
    std::vector<std::int64_t> bytes{network.limit};
    for (const std::int64_t smaller : tuning::smaller_arenas) {
        const bool is_tried = network.program.spilling() && smaller < network.limit &&
                              smaller >= tuning::least_arena.of(network.limit);
        if (is_tried) bytes.push_back(smaller);
    }
    return bytes;
}

class PlanSearch {
public:
    explicit PlanSearch(const QuickNetwork& network) : network_(network), savings_(network) {}

    void add(std::vector<QuickRange> ranges) {
        const auto is_known = [&](const Candidate& other) { return other.ranges == ranges; };
        if (std::any_of(candidates_.begin(), candidates_.end(), is_known)) return;
        PlacedMaps maps = place_maps(network_, savings_, ranges, {});
        const std::int64_t kernels = kernel_cycles(maps);
        candidates_.push_back({std::move(ranges), {std::move(maps), {}}, kernels});
    }

    /// The fastest; one with cascades must be clearly faster than one without.
    TimedPlan fastest() {
        deliver_all();
        TimedPlan* best = nullptr;
        std::int64_t least = std::numeric_limits<std::int64_t>::max();
        for (Candidate& each : candidates_) {
            const TimeLine& line = each.plan.line;
            if (!line.is_whole || line.expected > limit_.cycles) continue;
            time_plan(network_, each.plan);
            try_turns(network_, savings_, each.ranges, each.plan);
            std::int64_t cycles = line.cycles;
            if (!has_cascades(each.ranges)) cycles = tuning::cascade_gain.of(cycles);
            if (cycles >= least) continue;
            least = cycles;
            best = &each.plan;
        }
        return std::move(*best);
    }

private:
    struct Candidate {
        std::vector<QuickRange> ranges;
        TimedPlan plan;
        std::int64_t kernels = 0;  ///< cycles: no less is expected
    };

    /// The plan with the fastest kernels is mostly the best, and others are left early then.
    void deliver_all() {
        std::stable_sort(
            candidates_.begin(), candidates_.end(),
            [](const Candidate& a, const Candidate& b) { return a.kernels < b.kernels; });
        for (Candidate& each : candidates_) {
            const PlacedMaps& maps = each.plan.maps;
            TimeLine& line = each.plan.line;
            line = deliver_weights(network_, maps, Weights::copied, limit_);
            if (!line.is_whole) continue;
            const std::int64_t most = line.expected + uncertain.of(line.expected) +
                                      uncertain_wait.of(line.expected - each.kernels);
            if (most < limit_.cycles) limit_ = {most, &maps, &line};
        }
    }

    const QuickNetwork& network_;
    MapSavings savings_;
    std::vector<Candidate> candidates_;
    EndLimit limit_;
};

}  // namespace

TimedPlan best_plan(QuickNetwork& network) {
    CascadeRule rule(network);
    PlanSearch search(network);
    // Where nothing may spill, whole maps have no room.
    const bool spills = network.program.spilling();
    if (rule.is_idle()) {
        search.add(one_by_one(network));
    } else {
        for (std::vector<QuickRange>& ranges : rule.best(arenas(network))) {
            if (!spills || has_cascades(ranges)) search.add(std::move(ranges));
        }
        if (spills) search.add(one_by_one(network));
    }
    TimedPlan plan = search.fastest();
    plan.all_fit = rule.all_fit();
    return plan;
}

}  // namespace u65sim::compiler::quick
