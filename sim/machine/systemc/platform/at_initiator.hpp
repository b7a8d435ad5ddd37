// An initiator's side of the TLM-2.0 base protocol at one socket, approximately timed.
#pragma once

#include <deque>
#include <functional>
#include <unordered_set>

#include <tlm_utils/peq_with_cb_and_phase.h>
#include <tlm>

#include "machine/systemc/platform/at_target.hpp"
#include "machine/systemc/systemc.hpp"

namespace u65sim::machine {

/// Keeps the exclusion rules and timing annotations. The owner keeps a reference of each payload
/// from send() to end_response(). What it tells its owner has taken effect at that time.
class AtInitiator {
public:
    struct Hooks {
        /// nb_transport_fw of the socket.
        std::function<tlm::tlm_sync_enum(Payload&, tlm::tlm_phase&, sc_core::sc_time&)> forward;
        std::function<void(Payload&)> begun;     ///< BEGIN_REQ is about to be sent
        std::function<void(Payload&)> taken;     ///< END_REQ
        std::function<void(Payload&)> response;  ///< BEGIN_RESP
    };

    AtInitiator(const char* name, Hooks hooks);

    /// BEGIN_REQ, as soon as the requests before have ended.
    void send(Payload& payload);
    /// nb_transport_bw of the socket.
    tlm::tlm_sync_enum backward(Payload& payload, tlm::tlm_phase& phase, sc_core::sc_time& delay);
    /// END_RESP, for a payload whose response has begun.
    void end_response(Payload& payload);

private:
    void take(Payload& payload, const tlm::tlm_phase& phase);
    void end_request(Payload& payload);
    void send_request();

    Hooks hooks_;
    tlm_utils::peq_with_cb_and_phase<AtInitiator> arriving_;
    std::deque<Payload*> requests_;
    Payload* open_request_ = nullptr;
    std::unordered_set<Payload*> completed_;  ///< the target wants no END_RESP of these
};

}  // namespace u65sim::machine
