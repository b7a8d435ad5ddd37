// The bytes of a memory, of which only touched pages take room. Bytes never written are 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include <tlm>

#include "machine/systemc/systemc.hpp"

namespace u65sim::machine {

class Storage {
public:
    void write(std::uint64_t address, const std::uint8_t* bytes, std::size_t count);
    void read(std::uint64_t address, std::uint8_t* bytes, std::size_t count) const;

    /// The bytes of a payload that lie in [first, last), by its command and byte enables.
    void access(const tlm::tlm_generic_payload& payload, std::uint64_t first, std::uint64_t last);

private:
    static constexpr std::uint64_t page_bytes = 64 << 10;
    std::unordered_map<std::uint64_t, std::vector<std::uint8_t>> pages_;
};

/// TLM_OK_RESPONSE, or why a memory of `size` bytes refuses a payload: its address, or a streaming
/// width below its length.
tlm::tlm_response_status check_access(const tlm::tlm_generic_payload& payload, std::uint64_t size);

}  // namespace u65sim::machine
