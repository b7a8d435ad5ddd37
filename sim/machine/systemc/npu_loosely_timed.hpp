// A run of the NPU without its bursts: regions in, all commands' effects, and what changed out
// again.
#pragma once

#include <vector>

#include <u65sim/target.hpp>

#include "machine/systemc/bus_access.hpp"
#include "machine/systemc/npu_registers.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine {

/// By b_transport, from a thread. Throws BusError or InvalidStream.
void compute_loosely_timed(const BusAccess& bus, const std::vector<stream::Command>& commands,
                           const Accelerator& accelerator, const NpuRegisters& registers);

}  // namespace u65sim::machine
