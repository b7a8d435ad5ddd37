#include "compile/lower/order_branches.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "compile/lower/map_memory.hpp"

namespace u65sim::compiler {

namespace {

using Order = std::vector<std::int32_t>;

/// Beginnings of a run that the search goes on with.
constexpr std::size_t kept_states = 8;

/// What is live behind some operators of an order.
struct State {
    std::vector<std::int32_t> missing;  ///< per operator, as Dependencies
    std::vector<std::int32_t> uses;     ///< per memory: operators to come
    std::vector<bool> is_live;          ///< per memory
    Order order;                        ///< what has run
    Order ready;                        ///< operators of the run that could be next
    std::int64_t bytes = 0;             ///< live
    std::int64_t excess = 0;            ///< bytes above SRAM, summed over operators
    std::uint64_t operators = 0;        ///< a hash of the set of what has run
};

/// What one operator more does to a state.
struct Step {
    std::int64_t during = 0, behind = 0;  ///< live bytes
};

class BranchSearch {
public:
    BranchSearch(const Program& program, const Dependencies& dependencies)
        : program_(program), dependencies_(dependencies), memory_(program) {}

    [[nodiscard]] State start() const {
        State state;
        state.missing = dependencies_.missing();
        state.uses = memory_.uses();
        state.is_live = memory_.live_at_start();
        for (std::size_t i = 0; i < state.is_live.size(); ++i) {
            if (state.is_live[i]) state.bytes += memory_.bytes(i);
        }
        return state;
    }

    [[nodiscard]] Step look(const State& state, std::int32_t op) const {
        Step step{state.bytes, 0};
        std::int64_t ended = 0;
        for (const std::int32_t m : memory_.used_by(op)) {
            const auto i = static_cast<std::size_t>(m);
            if (!state.is_live[i]) step.during += memory_.bytes(i);
            if (state.uses[i] == 1 && !memory_.stays(i)) ended += memory_.bytes(i);
        }
        step.behind = step.during - ended;
        return step;
    }

    [[nodiscard]] std::int64_t excess(const Step& step) const {
        return std::max<std::int64_t>(0, step.during - program_.sram);
    }

    /// Appends `op`, which nothing of the run is missing for.
    void run(State& state, std::int32_t op, const std::vector<bool>& in_run) const {
        const Step step = look(state, op);
        state.excess += excess(step);
        state.bytes = step.behind;
        for (const std::int32_t m : memory_.used_by(op)) {
            const auto i = static_cast<std::size_t>(m);
            state.is_live[i] = --state.uses[i] > 0 || memory_.stays(i);
        }
        state.order.push_back(op);
        state.operators += hash_of(op);
        std::erase(state.ready, op);
        for (const std::int32_t next : dependencies_.dependents(op)) {
            const auto i = static_cast<std::size_t>(next);
            if (--state.missing[i] == 0 && in_run[i]) state.ready.push_back(next);
        }
    }

    /// The best state found behind all of `run`'s operators.
    [[nodiscard]] State search(const State& from, std::span<const std::int32_t> run) const {
        std::vector<bool> in_run(from.missing.size(), false);
        for (const std::int32_t op : run) in_run[static_cast<std::size_t>(op)] = true;
        std::vector<State> states{from};
        for (const std::int32_t op : run) {
            if (from.missing[static_cast<std::size_t>(op)] == 0) states[0].ready.push_back(op);
        }
        for (std::size_t i = 0; i < run.size(); ++i) states = advance(states, in_run);
        return std::move(states.front());
    }

private:
    static std::uint64_t hash_of(std::int32_t op) {
        std::uint64_t x = (static_cast<std::uint64_t>(op) + 1) * 0x9e3779b97f4a7c15U;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
        return x ^ (x >> 27);
    }

    /// All that may come behind these states, of which the best are kept, one for each set of
    /// operators. Among equals, operators come in the graph's order.
    [[nodiscard]] std::vector<State> advance(const std::vector<State>& states,
                                             const std::vector<bool>& in_run) const {
        struct Next {
            std::int64_t excess, bytes;
            std::size_t state;
            std::int32_t op;
        };
        std::vector<Next> all;
        for (std::size_t s = 0; s < states.size(); ++s) {
            for (const std::int32_t op : states[s].ready) {
                const Step step = look(states[s], op);
                all.push_back({states[s].excess + excess(step), step.behind, s, op});
            }
        }
        std::sort(all.begin(), all.end(), [](const Next& a, const Next& b) {
            return std::tie(a.excess, a.bytes, a.state, a.op) <
                   std::tie(b.excess, b.bytes, b.state, b.op);
        });
        std::unordered_set<std::uint64_t> seen;
        std::vector<State> kept;
        for (const Next& next : all) {
            if (kept.size() == kept_states) break;
            if (!seen.insert(states[next.state].operators + hash_of(next.op)).second) continue;
            kept.push_back(states[next.state]);
            run(kept.back(), next.op, in_run);
        }
        return kept;
    }

    const Program& program_;
    const Dependencies& dependencies_;
    MapMemory memory_;
};

bool on_npu(const Program& program, std::int32_t op) {
    return program.decisions[static_cast<std::size_t>(op)].on_npu;
}

/// The run of operators on one processor that begins there.
std::span<const std::int32_t> run_at(const Program& program, const Order& order,
                                     std::size_t first) {
    std::size_t last = first;
    while (last < order.size() && on_npu(program, order[last]) == on_npu(program, order[first])) {
        ++last;
    }
    return std::span{order}.subspan(first, last - first);
}

/// Whether operators of a run could change places.
bool has_choice(const Program& program, const Dependencies& dependencies, const Order& order) {
    for (std::size_t first = 0; first < order.size();) {
        const auto run = run_at(program, order, first);
        first += run.size();
        if (!on_npu(program, run.front())) continue;
        for (std::size_t i = 0; i + 1 < run.size(); ++i) {
            const auto& next = dependencies.dependents(run[i]);
            if (std::find(next.begin(), next.end(), run[i + 1]) == next.end()) return true;
        }
    }
    return false;
}

}  // namespace

void order_branches(const Program& program, const Dependencies& dependencies,
                    std::vector<std::int32_t>& order) {
    if (!has_choice(program, dependencies, order)) return;
    const BranchSearch search(program, dependencies);
    const std::vector<bool> none(order.size(), false);
    State as_it_is = search.start();
    for (const std::int32_t op : order) search.run(as_it_is, op, none);
    if (as_it_is.excess == 0) return;
    State best = search.start();
    for (std::size_t first = 0; first < order.size();) {
        const auto run = run_at(program, order, first);
        first += run.size();
        if (on_npu(program, run.front())) {
            best = search.search(best, run);
        } else {
            for (const std::int32_t op : run) search.run(best, op, none);
        }
    }
    if (best.excess < as_it_is.excess) order = std::move(best.order);
}

}  // namespace u65sim::compiler
