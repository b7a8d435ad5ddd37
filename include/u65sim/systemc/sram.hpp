// On-chip memory as a TLM-2.0 target. This header needs SystemC: link u65sim::systemc.
#pragma once

#include <cstdint>

#include <systemc>

#include <u65sim/systemc/memory.hpp>
#include <u65sim/target.hpp>

namespace u65sim {

/// The memory that a target describes as `sram`, at the clock of its NPU.
class SramModule : public MemoryModule {
public:
    SramModule(sc_core::sc_module_name name, const Target& target, std::uint64_t size)
        : MemoryModule(name, target, 0, size) {}
};

}  // namespace u65sim
