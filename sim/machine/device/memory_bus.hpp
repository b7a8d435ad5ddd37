// What both kinds of NPU device ask of a platform's memory.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/target.hpp>

#include "machine/device/npu_registers.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine {

/// An access that the platform refused.
class BusError : public Error {
public:
    BusError(const std::string& text, int port) : Error(text), port_(port) {}
    [[nodiscard]] int port() const { return port_; }

private:
    int port_;
};

/// Both AXI ports. Throws BusError.
class MemoryBus {
public:
    virtual ~MemoryBus() = default;
    virtual void read(int port, std::uint64_t address, std::uint8_t* bytes,
                      std::uint64_t count) const = 0;
    virtual void write(int port, std::uint64_t address, const std::uint8_t* bytes,
                       std::uint64_t count) const = 0;
};

/// The words that QBASE and QSIZE name. Throws BusError, or InvalidStream for a size that no stream
/// has.
std::vector<std::uint32_t> fetch_stream(const MemoryBus& bus, const NpuRegisters& registers);

/// A whole run at once: regions in, all commands' effects, and what changed out again. Throws
/// BusError or InvalidStream.
void compute_run(const MemoryBus& bus, const std::vector<stream::Command>& commands,
                 const Accelerator& accelerator, const NpuRegisters& registers);

}  // namespace u65sim::machine
