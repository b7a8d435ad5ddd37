// Reads and writes of the NPU that are no bursts of the machine: loosely timed, or without time.
#pragma once

#include <array>
#include <cstdint>

#include <tlm>

#include "machine/device/memory_bus.hpp"
#include "machine/systemc/systemc.hpp"

namespace u65sim::machine {

/// Both AXI ports. Requests are cut into transactions of 4 KiB at most.
class BusAccess {
public:
    using Socket = tlm::tlm_initiator_socket<32>;
    BusAccess(Socket& axi0, Socket& axi1) : sockets_{&axi0, &axi1} {}

    /// By b_transport, from a thread. Throws BusError.
    void transport(tlm::tlm_command command, int port, std::uint64_t address, std::uint8_t* bytes,
                   std::uint64_t count) const;
    /// Without time; what the target's transport_dbg does not read, by b_transport, from a thread.
    /// Throws BusError.
    void fetch(int port, std::uint64_t address, std::uint8_t* bytes, std::uint64_t count) const;
    /// Without time: as much as transport_dbg reads, from the first byte on.
    std::uint64_t peek(int port, std::uint64_t address, std::uint8_t* bytes,
                       std::uint64_t count) const;

private:
    std::array<Socket*, 2> sockets_;
};

/// By b_transport, from a thread.
class BlockingBus final : public MemoryBus {
public:
    explicit BlockingBus(const BusAccess& access) : access_(access) {}
    void read(int port, std::uint64_t address, std::uint8_t* bytes,
              std::uint64_t count) const override {
        access_.transport(tlm::TLM_READ_COMMAND, port, address, bytes, count);
    }
    void write(int port, std::uint64_t address, const std::uint8_t* bytes,
               std::uint64_t count) const override {
        // A payload's data may be written to by whom it reaches, but for a write.
        access_.transport(tlm::TLM_WRITE_COMMAND, port, address, const_cast<std::uint8_t*>(bytes),
                          count);
    }

private:
    const BusAccess& access_;
};

/// Reads without time where the target can, as a debugger does.
class FetchingBus final : public MemoryBus {
public:
    explicit FetchingBus(const BusAccess& access) : access_(access), blocking_(access) {}
    void read(int port, std::uint64_t address, std::uint8_t* bytes,
              std::uint64_t count) const override {
        access_.fetch(port, address, bytes, count);
    }
    void write(int port, std::uint64_t address, const std::uint8_t* bytes,
               std::uint64_t count) const override {
        blocking_.write(port, address, bytes, count);
    }

private:
    const BusAccess& access_;
    BlockingBus blocking_;
};

}  // namespace u65sim::machine
