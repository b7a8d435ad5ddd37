// The same units on a bare event queue: no globals, so one a thread, and cycle for cycle equal.
#pragma once

#include <cstdint>
#include <vector>

#include <u65sim/simulate.hpp>

#include "stream/operation.hpp"

namespace u65sim::machine {

class ReplayCache;

/// Runs one command stream of `words` words. Throws as run_on_systemc does. With `cache`, which is
/// of this target, cached segments are replayed instead of simulated; the result is the same. Not
/// where a timeline is wanted.
Simulation run_on_event_queue(const std::vector<stream::Command>& commands, std::int64_t words,
                              const Target& target, const SimulateOptions& options,
                              ReplayCache* cache = nullptr);

}  // namespace u65sim::machine
