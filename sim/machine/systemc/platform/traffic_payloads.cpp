#include "machine/systemc/platform/traffic_payloads.hpp"

namespace u65sim::machine {

tlm::tlm_generic_payload& TrafficPayloads::make(bool write, std::uint64_t address,
                                                std::uint32_t bytes) {
    if (free_.empty()) {
        free_.push_back(&entries_.emplace_back());
        free_.back()->set_mm(this);
    }
    Entry& entry = *free_.back();
    free_.pop_back();
    entry.data.resize(bytes);
    entry.set_command(write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    entry.set_address(address);
    entry.set_data_ptr(entry.data.data());
    entry.set_data_length(bytes);
    entry.set_streaming_width(bytes);
    entry.set_byte_enable_ptr(nullptr);
    entry.set_byte_enable_length(0);
    entry.set_dmi_allowed(false);
    entry.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    entry.acquire();
    return entry;
}

void TrafficPayloads::free(tlm::tlm_generic_payload* payload) {
    payload->reset();
    free_.push_back(static_cast<Entry*>(payload));
}

}  // namespace u65sim::machine
