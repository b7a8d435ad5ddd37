#include "machine/systemc/platform/at_initiator.hpp"

#include <utility>

namespace u65sim::machine {

AtInitiator::AtInitiator(const char* name, Hooks hooks)
    : hooks_(std::move(hooks)), arriving_(name, this, &AtInitiator::take) {}

void AtInitiator::send(Payload& payload) {
    requests_.push_back(&payload);
    send_request();
}

void AtInitiator::send_request() {
    if (open_request_ != nullptr || requests_.empty()) return;
    Payload& payload = *requests_.front();
    requests_.pop_front();
    open_request_ = &payload;
    hooks_.begun(payload);
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    switch (hooks_.forward(payload, phase, delay)) {
        case tlm::TLM_ACCEPTED:
            return;
        case tlm::TLM_UPDATED:
            arriving_.notify(payload, phase, delay);
            return;
        case tlm::TLM_COMPLETED:
            completed_.insert(&payload);
            arriving_.notify(payload, tlm::BEGIN_RESP, delay);
            return;
    }
}

tlm::tlm_sync_enum AtInitiator::backward(Payload& payload, tlm::tlm_phase& phase,
                                         sc_core::sc_time& delay) {
    if (phase == tlm::END_REQ || phase == tlm::BEGIN_RESP) {
        arriving_.notify(payload, phase, delay);
    }
    return tlm::TLM_ACCEPTED;  // phases beyond the base protocol may be ignored
}

void AtInitiator::take(Payload& payload, const tlm::tlm_phase& phase) {
    end_request(payload);
    if (phase == tlm::BEGIN_RESP) hooks_.response(payload);
    send_request();
}

void AtInitiator::end_request(Payload& payload) {
    if (open_request_ != &payload) return;
    open_request_ = nullptr;
    hooks_.taken(payload);
}

void AtInitiator::end_response(Payload& payload) {
    if (completed_.erase(&payload) != 0) return;
    tlm::tlm_phase phase = tlm::END_RESP;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    hooks_.forward(payload, phase, delay);
}

}  // namespace u65sim::machine
