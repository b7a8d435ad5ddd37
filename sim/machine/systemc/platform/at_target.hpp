// A target's side of the TLM-2.0 base protocol at one socket, approximately timed.
#pragma once

#include <deque>
#include <functional>

#include <tlm_utils/peq_with_cb_and_phase.h>
#include <tlm>

#include "machine/systemc/systemc.hpp"

namespace u65sim::machine {

using Payload = tlm::tlm_generic_payload;

/// Keeps the exclusion rules, timing annotations and references of payloads. What it tells its
/// owner has taken effect at that time; what the owner tells it takes effect at once.
class AtTarget {
public:
    struct Hooks {
        /// nb_transport_bw of the socket.
        std::function<tlm::tlm_sync_enum(Payload&, tlm::tlm_phase&, sc_core::sc_time&)> backward;
        std::function<void(Payload&)> request;   ///< BEGIN_REQ
        std::function<void(Payload&)> answered;  ///< END_RESP; the payload is given back behind it
    };

    AtTarget(const char* name, Hooks hooks);

    /// nb_transport_fw of the socket.
    tlm::tlm_sync_enum forward(Payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay);
    /// END_REQ. Left out, respond() stands for it.
    void end_request(Payload& payload);
    /// BEGIN_RESP, as soon as the responses before have ended.
    void respond(Payload& payload);

private:
    void take(Payload& payload, const tlm::tlm_phase& phase);
    void send_response();

    Hooks hooks_;
    tlm_utils::peq_with_cb_and_phase<AtTarget> arriving_;
    Payload* open_request_ = nullptr;
    std::deque<Payload*> responses_;
    bool response_open_ = false;
};

}  // namespace u65sim::machine
