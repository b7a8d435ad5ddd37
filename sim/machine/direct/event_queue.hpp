// The same units on a bare event queue: no globals, so one a thread, and cycle for cycle equal.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/simulate.hpp>

#include "machine/channels/request_port.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine {

class ReplayCache;

/// Runs one command stream of `words` words. Throws as run_on_systemc does. With `cache`, which is
/// of this target, cached segments are replayed instead of simulated; the result is the same. Not
/// where a timeline is wanted. `ports`: which port each region is behind, instead of what the
/// target says; not with `cache`.
Simulation run_on_event_queue(const std::vector<stream::Command>& commands, std::int64_t words,
                              const Target& target, const SimulateOptions& options,
                              ReplayCache* cache = nullptr, const PortMap* ports = nullptr);

/// The PMU events, by name, that such a run has counted when it is at `cycle`, before its end.
std::vector<std::pair<std::string, std::int64_t>> counters_on_event_queue(
    const std::vector<stream::Command>& commands, std::int64_t words, const Target& target,
    const PortMap& ports, Cycles cycle);

}  // namespace u65sim::machine
