// Reads and writes of the NPU that are no bursts of the machine: loosely timed, or without time.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <tlm>

#include <u65sim/error.hpp>

#include "machine/systemc/systemc.hpp"

namespace u65sim::machine {

/// A transaction that the platform refused.
class BusError : public Error {
public:
    BusError(const std::string& text, int port) : Error(text), port_(port) {}
    [[nodiscard]] int port() const { return port_; }

private:
    int port_;
};

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

}  // namespace u65sim::machine
