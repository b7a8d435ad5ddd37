// Payloads with their data, used again and again.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include <tlm>

#include "machine/systemc/systemc.hpp"

namespace u65sim::machine {

class TrafficPayloads : public tlm::tlm_mm_interface {
public:
    /// With one reference and all attributes set; whoever asked gives it back with release().
    tlm::tlm_generic_payload& make(bool write, std::uint64_t address, std::uint32_t bytes);
    void free(tlm::tlm_generic_payload* payload) override;

private:
    struct Entry : tlm::tlm_generic_payload {
        std::vector<unsigned char> data;
    };
    std::deque<Entry> entries_;
    std::vector<Entry*> free_;
};

}  // namespace u65sim::machine
