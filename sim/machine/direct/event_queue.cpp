#include "machine/direct/event_queue.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "machine/units/npu.hpp"

namespace u65sim::machine {

namespace {

/// The next wake of each unit; so few that the earliest is found by looking at all.
class EventQueue : public Scheduler {
public:
    EventQueue() { next_.fill(never); }
    void wake(UnitId unit, Time time) override {
        Time& next = next_[static_cast<std::size_t>(unit)];
        next = std::min(next, std::max(time, now_));
    }
    /// Lets the units act until none has anything left to do; returns the activations.
    std::uint64_t run(Npu& npu, Time limit) {
        std::uint64_t events = 0;
        while (true) {
            const auto earliest = std::min_element(next_.begin(), next_.end());
            if (*earliest == never || *earliest > limit) return events;
            now_ = *earliest;
            *earliest = never;
            const auto unit = static_cast<UnitId>(earliest - next_.begin());
            const Time wanted = npu.act(unit, now_);
            if (wanted != never) wake(unit, wanted);
            ++events;
        }
    }
    [[nodiscard]] bool idle() const {
        return std::all_of(next_.begin(), next_.end(), [](Time time) { return time == never; });
    }
    [[nodiscard]] Time now() const { return now_; }

private:
    std::array<Time, unit_count> next_{};
    Time now_ = 0;
};

}  // namespace

Simulation run_on_event_queue(const std::vector<stream::Command>& commands, std::int64_t words,
                              const Target& target, const SimulateOptions& options) {
    EventQueue queue;
    const auto npu = std::make_unique<Npu>(queue);
    npu->load(commands, words, target, options);
    queue.wake(UnitId::command_parser, 0);
    const std::uint64_t events = queue.run(*npu, options.cycle_limit.count());
    if (npu->finished()) return npu->result(events);
    if (!queue.idle()) {
        throw SimulationStuck(fmt::format("cycle limit {} reached: {}", options.cycle_limit.count(),
                                          npu->describe()));
    }
    throw SimulationStuck(fmt::format("deadlock at cycle {}: {}", queue.now(), npu->describe()));
}

}  // namespace u65sim::machine
