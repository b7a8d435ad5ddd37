#include "machine/systemc/bus_access.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace u65sim::machine {

namespace {

constexpr std::uint64_t largest_transfer = 4096;  ///< bytes of one transaction

std::uint64_t next_length(std::uint64_t address, std::uint64_t count) {
    return std::min(count, largest_transfer - address % largest_transfer);
}

void describe(tlm::tlm_generic_payload& payload, tlm::tlm_command command, std::uint64_t address,
              std::uint8_t* bytes, std::uint64_t length) {
    payload.set_command(command);
    payload.set_address(address);
    payload.set_data_ptr(bytes);
    payload.set_data_length(static_cast<unsigned>(length));
    payload.set_streaming_width(static_cast<unsigned>(length));
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
}

}  // namespace

void BusAccess::transport(tlm::tlm_command command, int port, std::uint64_t address,
                          std::uint8_t* bytes, std::uint64_t count) const {
    while (count > 0) {
        const std::uint64_t length = next_length(address, count);
        tlm::tlm_generic_payload payload;
        describe(payload, command, address, bytes, length);
        sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
        (*sockets_[static_cast<std::size_t>(port)])->b_transport(payload, delay);
        if (payload.is_response_error()) {
            throw BusError(fmt::format("AXI{}: {} of {} bytes at {:#x}: {}", port,
                                       command == tlm::TLM_READ_COMMAND ? "read" : "write", length,
                                       address, payload.get_response_string()),
                           port);
        }
        address += length;
        bytes += length;
        count -= length;
    }
}

std::uint64_t BusAccess::peek(int port, std::uint64_t address, std::uint8_t* bytes,
                              std::uint64_t count) const {
    std::uint64_t done = 0;
    while (done < count) {
        const std::uint64_t length = next_length(address + done, count - done);
        tlm::tlm_generic_payload payload;
        describe(payload, tlm::TLM_READ_COMMAND, address + done, bytes + done, length);
        const unsigned read = (*sockets_[static_cast<std::size_t>(port)])->transport_dbg(payload);
        done += std::min<std::uint64_t>(read, length);
        if (read < length) break;
    }
    return done;
}

void BusAccess::fetch(int port, std::uint64_t address, std::uint8_t* bytes,
                      std::uint64_t count) const {
    const std::uint64_t read = peek(port, address, bytes, count);
    transport(tlm::TLM_READ_COMMAND, port, address + read, bytes + read, count - read);
}

}  // namespace u65sim::machine
