#include "machine/systemc/platform/at_target.hpp"

#include <utility>

namespace u65sim::machine {

AtTarget::AtTarget(const char* name, Hooks hooks)
    : hooks_(std::move(hooks)), arriving_(name, this, &AtTarget::take) {}

tlm::tlm_sync_enum AtTarget::forward(Payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) {
    if (phase == tlm::BEGIN_REQ && payload.has_mm()) payload.acquire();
    if (phase == tlm::BEGIN_REQ || phase == tlm::END_RESP) arriving_.notify(payload, phase, delay);
    return tlm::TLM_ACCEPTED;  // phases beyond the base protocol may be ignored
}

void AtTarget::take(Payload& payload, const tlm::tlm_phase& phase) {
    if (phase == tlm::BEGIN_REQ) {
        open_request_ = &payload;
        hooks_.request(payload);
        return;
    }
    responses_.pop_front();
    response_open_ = false;
    hooks_.answered(payload);
    if (payload.has_mm()) payload.release();
    send_response();
}

void AtTarget::end_request(Payload& payload) {
    if (open_request_ != &payload) return;
    open_request_ = nullptr;
    tlm::tlm_phase phase = tlm::END_REQ;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    hooks_.backward(payload, phase, delay);
}

void AtTarget::respond(Payload& payload) {
    responses_.push_back(&payload);
    send_response();
}

void AtTarget::send_response() {
    if (response_open_ || responses_.empty()) return;
    Payload& payload = *responses_.front();
    if (open_request_ == &payload) open_request_ = nullptr;
    response_open_ = true;
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    if (hooks_.backward(payload, phase, delay) != tlm::TLM_ACCEPTED) {
        arriving_.notify(payload, tlm::END_RESP, delay);
    }
}

}  // namespace u65sim::machine
