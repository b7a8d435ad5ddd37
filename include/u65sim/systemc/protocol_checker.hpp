// A checker of the TLM-2.0 base protocol that stands between an initiator and a target. This header
// needs SystemC: link u65sim::systemc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tlm_utils/passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <systemc>
#include <tlm>

namespace u65sim {

/// Rules of IEEE 1666-2011, chapters 14 and 15, that a checker holds its two sides to.
enum class ProtocolRule : std::uint8_t {
    phase_order,         ///< BEGIN_REQ, END_REQ or not, BEGIN_RESP, END_RESP, each once
    phase_path,          ///< BEGIN_REQ and END_RESP go forward, END_REQ and BEGIN_RESP backward
    request_exclusion,   ///< no BEGIN_REQ while the request before has not ended
    response_exclusion,  ///< no BEGIN_RESP while the response before has not ended
    return_value,        ///< TLM_ACCEPTED changes nothing, TLM_UPDATED gives the next phase
    timing,              ///< a transaction's times never go back
    attribute,           ///< command, data, lengths, byte enables, response and DMI at the begin
    attribute_changed,   ///< of those that nobody may change
    response_status,     ///< incomplete until the response, set in it
    memory_manager,      ///< present and with a reference, in the non-blocking interface
    late_access,         ///< a call with, or a change of, a transaction behind its END_RESP
    unanswered,          ///< begun and not ended when finish() was called
    leak,                ///< ended, and somebody keeps a reference when finish() is called
};
std::string_view to_string(ProtocolRule rule);

struct ProtocolViolation {
    ProtocolRule rule{};
    sc_core::sc_time time;
    std::string text;  ///< what was seen, with the transaction's command, address and length
};

/// Passes every call on as it came, in no time. Bind an initiator to `in` and `out` to a target.
class ProtocolChecker : public sc_core::sc_module {
public:
    tlm_utils::passthrough_target_socket<ProtocolChecker> in;
    tlm_utils::simple_initiator_socket<ProtocolChecker> out;

    /// With `report`, every violation is also a warning of SystemC's report handler.
    explicit ProtocolChecker(sc_core::sc_module_name name, bool report = true);
    ~ProtocolChecker() override;

    [[nodiscard]] const std::vector<ProtocolViolation>& violations() const;
    /// Ended transactions, blocking ones included, and what they moved without an error.
    [[nodiscard]] std::uint64_t transactions() const;
    [[nodiscard]] std::uint64_t bytes_read() const;
    [[nodiscard]] std::uint64_t bytes_written() const;
    [[nodiscard]] std::size_t in_flight() const;

    /// To be called when nothing moves any more and while the initiator still exists: finds what
    /// was never answered or given back, and gives back the checker's own references.
    void finish();

private:
    using Payload = tlm::tlm_generic_payload;
    tlm::tlm_sync_enum nb_transport_fw(Payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
    tlm::tlm_sync_enum nb_transport_bw(Payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
    void b_transport(Payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(Payload& payload);
    bool get_direct_mem_ptr(Payload& payload, tlm::tlm_dmi& dmi);
    void invalidate_direct_mem_ptr(sc_dt::uint64 first, sc_dt::uint64 last);

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace u65sim
