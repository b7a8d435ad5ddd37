#include "compile/quick/cascade_rule.hpp"

#include <algorithm>
#include <limits>

#include <boost/container/static_vector.hpp>

#include "compile/plan/tuning.hpp"

namespace u65sim::compiler::quick {

namespace {

constexpr double never = std::numeric_limits<double>::max();

}  // namespace

CascadeRule::CascadeRule(const QuickNetwork& network)
    : network_(network),
      alive_(static_cast<std::size_t>(network.program.times) + 2, 0),
      ending_(alive_.size(), 0),
      tight_(network.ops.size(), false),
      limit_(network.limit) {
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
        if (program.spilling() && map.size > tuning::hopeless_map.of(network.limit)) continue;
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

std::int64_t CascadeRule::size_of(int buffer, bool fast) const {
    return fast && network_.may_be_fast(buffer) ? network_.buffer(buffer).size : 0;
}

std::int64_t CascadeRule::alive_beside(std::size_t at) const {
    const QuickOp& op = network_.ops[at];
    std::int64_t bytes = alive_[static_cast<std::size_t>(op.npu->time)];
    const auto without = [&](int index) {
        const std::int64_t size = size_of(index, true);
        const bool counted =
            !network_.program.spilling() || size <= tuning::hopeless_map.of(limit_);
        if (counted) bytes -= size;
    };
    without(op.ifm);
    if (op.ofm != op.ifm) without(op.ofm);
    return std::max<std::int64_t>(bytes, 0);
}

std::int64_t CascadeRule::ends_at(std::size_t at) const {
    const QuickOp& op = network_.ops[at];
    std::int64_t bytes = ending_[static_cast<std::size_t>(op.npu->time)];
    const Buffer& in = network_.buffer(op.ifm);
    if (in.last_use == op.npu->time &&
        (!network_.program.spilling() || in.size <= tuning::hopeless_map.of(limit_))) {
        bytes -= size_of(op.ifm, true);
    }
    return std::max<std::int64_t>(bytes, 0);
}

void CascadeRule::try_alone(std::size_t at, std::vector<State>& states) const {
    const QuickOp& op = network_.ops[at];
    const Program& program = network_.program;
    const std::int64_t beside = alive_beside(at);
    State& end = states[at + 1];
    end.choice = {at, at, 0};
    end.least = never;
    if (states[at].least == never) return;
    const bool may_ifm = network_.may_be_fast(op.ifm);
    const bool may_ofm = network_.may_be_fast(op.ofm);
    for (const bool ofm : {true, false}) {
        for (const bool ifm : {true, false}) {
            if ((ifm && !may_ifm) || (ofm && !may_ofm)) continue;
            if (!program.spilling() && (ifm != may_ifm || ofm != may_ofm)) continue;
            const std::int64_t top =
                beside + size_of(op.ifm, ifm) + (op.ofm != op.ifm ? size_of(op.ofm, ofm) : 0);
            const bool anywhere = program.spilling() && !ifm && !ofm;
            if (top > limit_ && !anywhere) continue;
            const BlockTimes& times = op.times->placed(program, *op.npu, {ifm, true, ofm}).refined;
            double cycles = static_cast<double>(times.fast.total);
            // Weights that find no room are read where they are.
            if (top + op.weights > limit_) {
                cycles = static_cast<double>(std::min(times.direct.total, 2 * times.fast.total));
            }
            end.least = std::min(end.least, states[at].least + cycles);
            if (ifm && ofm) return;  // nothing is faster
        }
    }
}

void CascadeRule::try_cascades(std::size_t last, std::int32_t height,
                               std::vector<State>& states) const {
    const Program& program = network_.program;
    struct Member {
        double fast = 0, slow_in = 0, slow_out = 0;  ///< cycles by place of IFM and OFM
        double more = 0;                             ///< with weights off-chip
        std::int64_t weights = 0;
    };
    boost::container::static_vector<Member, tuning::max_cascade_length> members;
    StripeWalk walk(network_, last, height);
    std::int64_t rolling = 0;
    std::int64_t weights = 0;
    std::int64_t beside = alive_beside(last);
    double inner = 0;  // of all but the first and the last
    bool is_tight = tight_[last];
    const QuickOp& end = network_.ops[last];
    for (std::size_t first = last;; --first) {
        const QuickOp& op = network_.ops[first];
        if (first != last) {
            rolling += walk.rolling();
            beside += ends_at(first);
            is_tight = is_tight || tight_[first];
        }
        if (rolling > limit_) return;
        const StripeTimes& times = op.times->stripe(program, *op.npu, walk.rows());
        const double count = walk.stripes();
        const auto of = [&](const Duration& duration) {
            return count * static_cast<double>(duration.total);
        };
        Member member{of(times.at[1][1]), of(times.at[0][1]), of(times.at[1][0]), 0, op.weights};
        member.more = std::max(0.0, of(times.direct) - member.fast);
        weights += op.weights;
        if (members.size() > 1) inner += members.back().fast;
        members.push_back(member);
        const bool starts = members.size() > 1 && is_tight && states[first].least != never;
        for (const bool ofm : {true, false}) {
            for (const bool ifm : {true, false}) {
                if (!starts || (ifm && !network_.may_be_fast(op.ifm)) ||
                    (ofm && !network_.may_be_fast(end.ofm)) ||
                    (!program.spilling() && !(ifm && ofm))) {
                    continue;
                }
                const std::int64_t maps =
                    rolling + beside + size_of(op.ifm, ifm) + size_of(end.ofm, ofm);
                if (maps > limit_) continue;
                double cycles = inner + (ifm ? members.back().fast : members.back().slow_in) +
                                (ofm ? members.front().fast : members.front().slow_out);
                // The cheapest weights by the byte are read where they are.
                decltype(members) leaving;
                for (std::int64_t over = maps + weights - limit_; over > 0;) {
                    if (leaving.empty()) {
                        leaving = members;
                        std::stable_sort(leaving.begin(), leaving.end(),
                                         [](const Member& a, const Member& b) {
                                             return a.more * static_cast<double>(b.weights) >
                                                    b.more * static_cast<double>(a.weights);
                                         });
                    }
                    over -= std::max<std::int64_t>(leaving.back().weights, 1);
                    cycles += leaving.back().more;
                    leaving.pop_back();
                    if (leaving.empty()) break;
                }
                State& state = states[last + 1];
                if (states[first].least + cycles < state.least) {
                    state.least = states[first].least + cycles;
                    state.choice = {first, last, height};
                }
            }
        }
        if (first == 0 || !network_.ops[first - 1].linked ||
            members.size() >= tuning::max_cascade_length) {
            return;
        }
        walk.step();
    }
}

std::vector<QuickRange> CascadeRule::best(std::int64_t limit) {
    limit_ = limit;
    const std::size_t count = network_.ops.size();
    std::vector<State> states(count + 1);
    std::size_t last_tight = count;  // index of the last tight one so far; count: none
    for (std::size_t at = 0; at < count; ++at) {
        if (tight_[at]) last_tight = at;
        try_alone(at, states);
        const bool in_reach = last_tight < count && at - last_tight < tuning::max_cascade_length;
        if (!in_reach || at == 0 || !network_.ops[at - 1].linked) continue;
        for (const std::int32_t height : tuning::stripe_heights) {
            if (height >= network_.ops[at].npu->ofm.extent.h) break;
            try_cascades(at, height, states);
        }
    }
    std::vector<QuickRange> ranges;
    for (std::size_t end = count; end > 0; end = ranges.back().first) {
        ranges.push_back(states[end].choice);
    }
    std::reverse(ranges.begin(), ranges.end());
    return ranges;
}

}  // namespace u65sim::compiler::quick
