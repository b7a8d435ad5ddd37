// The records of a stream's operations before anything has been measured.
#pragma once

#include <vector>

#include <u65sim/simulate.hpp>

#include "machine/channels/request_port.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine {

/// One record a kernel or DMA, in stream order, with what follows from its command alone: names,
/// MACs, maps, and the traffic of DMAs through `memory`, whose rules must be set.
std::vector<OperationRecord> records_of(const std::vector<stream::Command>& commands,
                                        const MemoryPorts& memory);

}  // namespace u65sim::machine
