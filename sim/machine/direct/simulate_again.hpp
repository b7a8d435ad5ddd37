// Simulates many networks on one target: segments they have in common are simulated once.
#pragma once

#include <u65sim/simulate.hpp>

#include "machine/direct/replay_cache.hpp"

namespace u65sim::machine {

/// As u65sim::simulate on a target with traffic, but without it: what contention is measured
/// against.
Simulation simulate_without_traffic(const CompiledNetwork& network, const Target& target,
                                    const SimulateOptions& options);

/// As u65sim::simulate on the cache's target, which must be valid, and equal to it. Only the back
/// end `direct` without a timeline uses the cache.
Simulation simulate(const CompiledNetwork& network, const SimulateOptions& options,
                    ReplayCache& cache);

}  // namespace u65sim::machine
