#include "compile/quick/cascade_rule.hpp"

#include <algorithm>
#include <limits>

#include <boost/container/static_vector.hpp>

#include "compile/plan/stripes.hpp"
#include "compile/plan/tuning.hpp"

namespace u65sim::compiler::quick {

namespace {

constexpr double never = std::numeric_limits<double>::max();

}  // namespace

CascadeRule::CascadeRule(QuickNetwork& network)
    : network_(network),
      alive_(static_cast<std::size_t>(network.program.times) + 2, 0),
      ending_(alive_.size(), 0),
      tight_(network.ops.size(), false) {
    const Program& program = network.program;
    std::vector<std::int64_t> all(alive_.size(), 0);
    for (std::size_t i = 0; i < program.buffers.size(); ++i) {
        const Buffer& map = program.buffers[i];
        if (map.first_use == no_time || !network.may_be_fast(static_cast<int>(i))) continue;
        const auto first = static_cast<std::size_t>(map.first_use);
        const auto last = static_cast<std::size_t>(map.last_use);
        all[first] += map.size;
        all[last + 1] -= map.size;
        // A large one will hardly be there.
        if (is_hopeless(map.size)) continue;
        alive_[first] += map.size;
        alive_[last + 1] -= map.size;
        ending_[last] += map.size;
    }
    for (std::size_t t = 1; t < alive_.size(); ++t) {
        alive_[t] += alive_[t - 1];
        all[t] += all[t - 1];
    }
    most_alive_ = *std::max_element(all.begin(), all.end());
    for (std::size_t i = 0; i < tight_.size(); ++i) {
        tight_[i] = all[static_cast<std::size_t>(network.ops[i].npu->time)] > network.limit;
    }
}

bool CascadeRule::is_idle() const {
    const Program& program = network_.program;
    if (!program.takes(Pass::form_cascades) ||
        program.target->memory_mode == MemoryMode::sram_only) {
        return true;
    }
    // Where nothing may spill, whole maps that fit are best as they are.
    return program.spilling() ? most_alive_ <= tuning::small_maps.of(network_.limit) : all_fit();
}

bool CascadeRule::all_fit() const { return most_alive_ <= network_.limit; }

bool CascadeRule::is_hopeless(std::int64_t size) const {
    return network_.program.spilling() && size > tuning::hopeless_map.of(network_.limit);
}

/// Whether no operation behind `at`, up to `last`, writes a map.
bool CascadeRule::is_written_last(int map, std::size_t at, std::size_t last) const {
    const auto& [begin, links] = network_.links_of(at);
    const auto& writers = links.writers(map);
    const auto behind = std::upper_bound(writers.begin(), writers.end(), at - begin);
    return behind == writers.end() || *behind + begin > last;
}

CascadeRule::Maps CascadeRule::maps_of(std::size_t at) const {
    const QuickOp& op = network_.ops[at];
    Maps maps;
    maps.may_ifm = network_.may_be_fast(op.ifm);
    maps.may_ofm = network_.may_be_fast(op.ofm);
    maps.ifm = maps.may_ifm ? network_.buffer(op.ifm).size : 0;
    maps.ofm = maps.may_ofm ? network_.buffer(op.ofm).size : 0;
    maps.counted_ifm = is_hopeless(maps.ifm) ? 0 : maps.ifm;
    maps.counted_ofm = is_hopeless(maps.ofm) ? 0 : maps.ofm;
    maps.beside = alive_[time_of(at)] - maps.counted_ifm;
    if (op.ofm != op.ifm) maps.beside -= maps.counted_ofm;
    maps.beside = std::max<std::int64_t>(maps.beside, 0);
    return maps;
}

void CascadeRule::try_alone(std::size_t at) {
    const QuickOp& op = network_.ops[at];
    const Program& program = network_.program;
    const Maps& maps = maps_[at];
    const bool spilling = program.spilling();
    for (std::size_t l = 0; l < limits_.size(); ++l) {
        State& end = state(at + 1, l);
        end.choice = {at, at, 0};
        end.least = never;
        if (state(at, l).least == never) continue;
        // All there is fastest, then all but one map.
        for (const bool ofm : {true, false}) {
            bool has_all = false;
            for (const bool ifm : {true, false}) {
                if ((ifm && !maps.may_ifm) || (ofm && !maps.may_ofm)) continue;
                if (!spilling && (ifm != maps.may_ifm || ofm != maps.may_ofm)) continue;
                const std::int64_t top =
                    maps.beside + (ifm ? maps.ifm : 0) + (ofm && op.ofm != op.ifm ? maps.ofm : 0);
                const bool anywhere = spilling && !ifm && !ofm;
                if (top > limits_[l] && !anywhere) continue;
                const BlockTimes& times =
                    op.times->placed(program, *op.npu, {ifm, true, ofm}).refined;
                double cycles = static_cast<double>(times.fast.total);
                // Weights that find no room are read where they are.
                if (top + op.weights > limits_[l]) {
                    cycles =
                        static_cast<double>(std::min(times.direct.total, 2 * times.fast.total));
                }
                end.least = std::min(end.least, state(at, l).least + cycles);
                has_all = ifm && ofm;
                if (has_all) break;
            }
            if (has_all) break;
        }
    }
}

namespace {

/// One operation of a cascade: cycles by place of IFM and OFM, and those more with weights
/// off-chip.
struct Member {
    double fast = 0, slow_in = 0, slow_out = 0;
    double more = 0;
    std::int64_t weights = 0;
};
using Members = boost::container::static_vector<Member, tuning::max_cascade_length>;

/// Cycles more where so many bytes of weights have no room: the cheapest ones by the byte are read
/// where they are.
double cycles_of_leaving(const Members& members, std::int64_t over) {
    if (over <= 0) return 0;
    Members leaving = members;
    std::stable_sort(leaving.begin(), leaving.end(), [](const Member& a, const Member& b) {
        return a.more * static_cast<double>(b.weights) > b.more * static_cast<double>(a.weights);
    });
    double cycles = 0;
    for (; over > 0 && !leaving.empty(); leaving.pop_back()) {
        over -= std::max<std::int64_t>(leaving.back().weights, 1);
        cycles += leaving.back().more;
    }
    return cycles;
}

}  // namespace

/// A cascade, apart from where its input and its result are.
struct CascadeRule::Trial {
    QuickRange range;
    const Members& members;    ///< the last operation first
    std::int64_t maps = 0;     ///< bytes of what it holds, and of what is alive beside it
    std::int64_t weights = 0;  ///< bytes
    double inner = 0;          ///< cycles of all but the first and the last
    double least = 0;          ///< cycles that it must be worth at least
    /// With input and result where they are best.
    [[nodiscard]] double cycles() const {
        return inner + std::min(members.back().fast, members.back().slow_in) +
               std::min(members.front().fast, members.front().slow_out);
    }
};

/// Whether a cascade is worth it with some limit if input and result take no room and are where
/// they are best.
bool CascadeRule::may_serve(const Trial& trial) {
    const double cycles = std::max(trial.cycles(), trial.least);
    const State* before = &state(trial.range.first, 0);
    const State* found = &state(trial.range.last + 1, 0);
    for (std::size_t l = 0; l < limits_.size(); ++l) {
        if (trial.maps <= limits_[l] && before[l].least + cycles < found[l].least) return true;
    }
    return false;
}

void CascadeRule::try_places(const Trial& trial) {
    const auto& [first, last, height] = trial.range;
    const auto& [begin, links] = network_.links_of(first);
    const Members& members = trial.members;
    const Maps& start = maps_[first];
    const Maps& end = maps_[last];
    const bool spilling = network_.program.spilling();
    const bool adds_result = network_.ops[first].ifm != network_.ops[last].ofm;
    for (const bool ofm : {true, false}) {
        for (const bool ifm : {true, false}) {
            if ((ifm && !start.may_ifm) || (ofm && !end.may_ofm) || (!spilling && !(ifm && ofm)) ||
                (!ifm && links.forks_input(first - begin, last - begin))) {
                continue;
            }
            const std::int64_t maps =
                trial.maps + (ifm ? start.ifm : 0) + (ofm && adds_result ? end.ofm : 0);
            double cycles = trial.inner + (ifm ? members.back().fast : members.back().slow_in) +
                            (ofm ? members.front().fast : members.front().slow_out);
            // Others read the same input from the same place.
            for (std::size_t i = links.next_alike(first - begin); !ifm && begin + i <= last;
                 i = links.next_alike(i)) {
                const Member& alike = members[last - (begin + i)];
                cycles += alike.slow_in - alike.fast;
            }
            for (std::size_t l = 0; l < limits_.size(); ++l) {
                const State& before = state(first, l);
                State& found = state(last + 1, l);
                if (maps > limits_[l] ||
                    before.least + std::max(cycles, trial.least) >= found.least) {
                    continue;
                }
                const double sum = before.least + cycles +
                                   cycles_of_leaving(members, maps + trial.weights - limits_[l]);
                if (sum < found.least) found = {sum, trial.range};
            }
        }
    }
}

/// The first operation that may be in one cascade with `last`.
std::size_t CascadeRule::first_before(std::size_t last) const {
    std::size_t first = last;
    while (first > 0 && last - first + 1 < tuning::max_cascade_length &&
           network_.may_precede(first - 1, last)) {
        --first;
    }
    return first;
}

void CascadeRule::try_cascades(std::size_t earliest, std::size_t last, std::int32_t height) {
    const Program& program = network_.program;
    const int out = network_.ops[last].ofm;
    Members members;
    StripeWalk walk(network_, last, height);
    std::int64_t rolling = 0;
    // The first one's input among it.
    std::int64_t alive = alive_[time_of(last)] - maps_[last].counted_ofm;
    Trial trial{{last, last, height}, members};
    double least_gain = 0;
    bool is_tight = tight_[last];
    for (std::size_t first = last;; --first) {
        const QuickOp& op = network_.ops[first];
        const Maps& own = maps_[first];
        if (first != last) {
            const auto& [begin, links] = network_.links_of(first);
            rolling += walk.rolling();
            alive += ending_[time_of(first)];
            // A large one that is written has room, unless it rolls in the end.
            const bool is_large = op.ofm != out && this->is_large(own);
            if (walk.rolls()) {
                const bool rolls_on = is_large && !is_written_last(op.ofm, first, last);
                alive -= rolls_on ? own.ofm : own.counted_ofm;
            } else if (is_large && is_written_last(op.ofm, first, last)) {
                alive += own.ofm;
            }
            is_tight = is_tight || tight_[first];
            if (links.is_branched(first - begin)) {
                least_gain = static_cast<double>(
                    tuning::least_branch_gain.of(static_cast<std::int64_t>(floor_.back())));
            }
        }
        if (rolling > largest_) return;
        const StripeTimes& times = op.times->stripe(program, *op.npu, walk.rows());
        const double count = walk.stripes();
        const auto of = [&](const Duration& duration) {
            return count * static_cast<double>(duration.total);
        };
        Member member{of(times.at[1][1]), of(times.at[0][1]), of(times.at[1][0]), 0, op.weights};
        member.more = std::max(0.0, of(times.direct) - member.fast);
        if (members.size() > 1) trial.inner += members.back().fast;
        members.push_back(member);
        trial.range.first = first;
        trial.weights += op.weights;
        trial.maps = rolling + alive - (op.ifm != out ? own.counted_ifm : 0);
        trial.least = floor_[last + 1] - floor_[first] + least_gain;
        if (members.size() > 1 && is_tight && may_serve(trial)) try_places(trial);
        if (first == earliest) return;
        walk.step();
    }
}

std::vector<QuickRange> CascadeRule::path(std::size_t limit) {
    std::vector<QuickRange> ranges;
    for (std::size_t end = network_.ops.size(); end > 0; end = ranges.back().first) {
        ranges.push_back(state(end, limit).choice);
    }
    std::reverse(ranges.begin(), ranges.end());
    return ranges;
}

std::vector<std::vector<QuickRange>> CascadeRule::best(std::span<const std::int64_t> limits) {
    limits_ = limits;
    largest_ = *std::max_element(limits.begin(), limits.end());
    const std::size_t count = network_.ops.size();
    network_.link_rows();
    floor_.assign(1, 0);
    for (std::size_t at = 0; at < count; ++at) {
        const QuickOp& op = network_.ops[at];
        maps_.push_back(maps_of(at));
        const PlacedTimes& fast = op.times->placed(network_.program, *op.npu, {});
        floor_.push_back(floor_.back() + static_cast<double>(fast.chosen.fast.total));
    }
    states_.assign((count + 1) * limits.size(), {});
    std::size_t last_tight = count;  // index of the last tight one so far; count: none
    for (std::size_t at = 0; at < count; ++at) {
        if (tight_[at]) last_tight = at;
        try_alone(at);
        const std::size_t earliest = first_before(at);
        if (last_tight == count || last_tight < earliest || earliest == at) continue;
        const NpuOp& op = *network_.ops[at].npu;
        for (const std::int32_t height : tuning::stripe_heights) {
            if (height >= op.ofm.extent.h) break;
            if (height % row_unit(op) == 0) try_cascades(earliest, at, height);
        }
    }
    std::vector<std::vector<QuickRange>> found;
    for (std::size_t l = 0; l < limits.size(); ++l) found.push_back(path(l));
    return found;
}

}  // namespace u65sim::compiler::quick
