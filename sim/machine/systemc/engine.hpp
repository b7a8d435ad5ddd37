// The reference machine: one SystemC module a unit, elaborated once a process, loaded a run.
#pragma once

#include <cstdint>
#include <vector>

#include <u65sim/simulate.hpp>

#include "stream/operation.hpp"

namespace u65sim::machine {

class VcdFile;

/// Runs one command stream of `words` words on the SystemC kernel. Takes the process-wide lease:
/// concurrent callers wait for each other. Throws SimulationStuck on a deadlock or beyond the
/// cycle limit, InvalidStream for what a unit cannot do, and SimulationStuck when a foreign
/// SystemC simulation owns this process's kernel.
Simulation run_on_systemc(const std::vector<stream::Command>& commands, std::int64_t words,
                          const Target& target, const SimulateOptions& options);
/// The same beside the target's traffic, which may be none: every burst of the NPU and of the
/// others is a payload to SramModule or DramModule, over four phases at simulated time.
Simulation run_on_shared_memories(const std::vector<stream::Command>& commands, std::int64_t words,
                                  const Target& target, const SimulateOptions& options);
/// As run_on_systemc, and appends the run to `vcd` from cycle `start` of the network on.
Simulation trace_on_systemc(const std::vector<stream::Command>& commands, std::int64_t words,
                            const Target& target, const SimulateOptions& options, VcdFile& vcd,
                            Cycles start);

}  // namespace u65sim::machine
