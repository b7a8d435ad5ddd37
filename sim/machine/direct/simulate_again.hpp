// Simulating many networks on one target: what one has in common with those before is known.
#pragma once

#include <u65sim/simulate.hpp>

#include "machine/direct/stretches.hpp"

namespace u65sim::machine {

/// As u65sim::simulate on the stretches' target, which must be valid, and equal to it. Only the
/// kernel `direct` without a timeline makes use of what is known.
Simulation simulate(const CompiledNetwork& network, const SimulateOptions& options,
                    Stretches& known);

}  // namespace u65sim::machine
