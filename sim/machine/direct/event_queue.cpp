#include "machine/direct/event_queue.hpp"

#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "machine/direct/direct_machine.hpp"
#include "machine/direct/replay.hpp"
#include "machine/direct/replay_cache.hpp"
#include "machine/units/event_limit.hpp"
#include "machine/units/npu.hpp"

namespace u65sim::machine {

namespace {

/// One run; nothing where it is doubtful, which it is only if it `takes_free` segments.
std::optional<Simulation> run(const std::vector<stream::Command>& commands, std::int64_t words,
                              const Target& target, const SimulateOptions& options,
                              ReplayCache* cache, const PortMap* ports, bool takes_free) {
    Scheduler queue;
    const auto machine = std::make_unique<DirectMachine>(queue);
    Npu& npu = machine->npu;
    const Time limit = options.cycle_limit.count();
    const std::uint64_t most_steps = event_limit(options);
    // What units look ahead to must not depend on the limit where it is kept.
    queue.reset(cache != nullptr ? never : limit);
    npu.load(commands, words, target, options, ports);
    queue.wake(UnitId::command_parser, 0);
    std::optional<Replay> replay;
    if (cache != nullptr) {
        Time now = 0;
        replay.emplace(npu, *cache, commands, takes_free);
        replay->at_boundary(now, limit);
    }
    std::uint64_t events = 0, steps = 0;
    Scheduler::Due due;
    while ((due = queue.earliest()).time <= limit && due.time != never) {
        queue.begin(due.unit, due.time);
        const Time wanted = npu.act(due.unit, due.time);
        if (wanted != never) queue.wake(due.unit, wanted);
        ++events;
        if (++steps > most_steps) refuse_further_events(most_steps);
        if (due.unit == UnitId::command_parser && replay && replay->boundary_reached()) {
            if (replay->is_doubtful()) return std::nullopt;
            replay->count_events(std::exchange(events, 0));
            replay->at_boundary(due.time, limit);
        }
    }
    if (replay) {
        if (replay->is_doubtful()) return std::nullopt;
        replay->count_events(events);
        if (npu.finished()) {
            Time end = npu.finish_time();
            replay->at_boundary(end, limit);
        }
        events = replay->events();
    }
    if (npu.finished()) return npu.result(events);
    if (due.time != never) {
        throw CycleLimitReached(fmt::format("more cycles than the limit (at operation {})",
                                            npu.channels.probe.oldest()));
    }
    throw SimulationStuck(
        fmt::format("deadlock at cycle {}: {}", queue.now(), npu.describe(queue.now())));
}

}  // namespace

Simulation run_on_event_queue(const std::vector<stream::Command>& commands, std::int64_t words,
                              const Target& target, const SimulateOptions& options,
                              ReplayCache* cache, const PortMap* ports) {
    const bool takes_free = cache != nullptr && cache->wants_free_segments();
    auto result = run(commands, words, target, options, cache, ports, takes_free);
    if (result) return *std::move(result);
    cache->count_doubtful_run();
    return *run(commands, words, target, options, cache, ports, false);
}

std::vector<std::pair<std::string, std::int64_t>> counters_on_event_queue(
    const std::vector<stream::Command>& commands, std::int64_t words, const Target& target,
    const PortMap& ports, Cycles cycle) {
    Scheduler queue;  // no unit looks ahead
    const auto machine = std::make_unique<DirectMachine>(queue);
    machine->npu.load(commands, words, target, {}, &ports);
    queue.wake(UnitId::command_parser, 0);
    Scheduler::Due due;
    while ((due = queue.earliest()).time <= cycle.count() && due.time != never) {
        queue.begin(due.unit, due.time);
        const Time wanted = machine->npu.act(due.unit, due.time);
        if (wanted != never) queue.wake(due.unit, wanted);
    }
    return machine->npu.counters(cycle.count());
}

}  // namespace u65sim::machine
