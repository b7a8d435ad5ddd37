#include "machine/direct/event_queue.hpp"

#include <memory>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "machine/units/npu.hpp"

namespace u65sim::machine {

Simulation run_on_event_queue(const std::vector<stream::Command>& commands, std::int64_t words,
                              const Target& target, const SimulateOptions& options) {
    Scheduler queue;
    const auto npu = std::make_unique<Npu>(queue);
    const Time limit = options.cycle_limit.count();
    queue.reset(limit);
    npu->load(commands, words, target, options);
    queue.wake(UnitId::command_parser, 0);
    std::uint64_t events = 0;
    Scheduler::Due due;
    while ((due = queue.earliest()).time <= limit && due.time != never) {
        queue.begin(due.unit, due.time);
        const Time wanted = npu->act(due.unit, due.time);
        if (wanted != never) queue.wake(due.unit, wanted);
        ++events;
    }
    if (npu->finished()) return npu->result(events);
    if (due.time != never) {
        throw SimulationStuck(
            fmt::format("cycle limit {} reached: {}", limit, npu->describe(limit)));
    }
    throw SimulationStuck(
        fmt::format("deadlock at cycle {}: {}", queue.now(), npu->describe(queue.now())));
}

}  // namespace u65sim::machine
