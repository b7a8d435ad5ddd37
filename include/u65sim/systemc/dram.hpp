// DRAM or flash as a TLM-2.0 target. This header needs SystemC: link u65sim::systemc.
#pragma once

#include <cstdint>

#include <systemc>

#include <u65sim/systemc/memory.hpp>
#include <u65sim/target.hpp>

namespace u65sim {

/// The memory that a target describes as `off_chip`, at the clock of its NPU.
class DramModule : public MemoryModule {
public:
    DramModule(sc_core::sc_module_name name, const Target& target, std::uint64_t size)
        : MemoryModule(name, target, 1, size) {}
};

}  // namespace u65sim
