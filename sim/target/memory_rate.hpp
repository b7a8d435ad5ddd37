// A memory's numbers in the NPU's own cycles, as far as other masters leave them.
#pragma once

#include <u65sim/target.hpp>
#include <u65sim/units.hpp>

namespace u65sim {

/// Bandwidth that is left to the NPU, bytes a cycle of its clock; zero: no cap. Where the memory
/// has a clock of its own or other masters use it, a multiple of 1/4096.
BytesPerCycle rate_left(const Memory& memory, const Accelerator& accelerator);

/// Cycles of the memory's clock as cycles of the NPU, rounded up.
Cycles npu_cycles(Cycles cycles, const Memory& memory, const Accelerator& accelerator);

/// From a read's address to its first data, in cycles of the NPU.
Cycles read_latency(const Memory& memory, const Accelerator& accelerator);
/// From a write's last data to its response, in cycles of the NPU.
Cycles write_latency(const Memory& memory, const Accelerator& accelerator);

}  // namespace u65sim
