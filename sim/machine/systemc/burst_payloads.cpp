#include "machine/systemc/burst_payloads.hpp"

#include <u65sim/systemc/axi.hpp>

namespace u65sim::machine {

BurstPayload& BurstPayloads::take() {
    if (free_.empty()) {
        all_.push_back(std::make_unique<BurstPayload>(this));
        all_.back()->set_extension(new BurstExtension);
        free_.push_back(all_.back().get());
    }
    BurstPayload& payload = *free_.back();
    free_.pop_back();
    payload.acquire();
    payload.answered = false;
    return payload;
}

void BurstPayloads::free(tlm::tlm_generic_payload* payload) {
    payload->reset();
    auto* const own = static_cast<BurstPayload*>(payload);
    own->burst = nullptr;
    free_.push_back(own);
}

void BurstPayloads::forget() {
    for (const auto& payload : all_) payload->burst = nullptr;
}

}  // namespace u65sim::machine
