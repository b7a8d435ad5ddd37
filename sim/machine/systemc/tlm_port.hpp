// An AXI port as a TLM-2.0 initiator: each burst is a payload, or several.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include <tlm_utils/simple_initiator_socket.h>

#include <u65sim/systemc/axi.hpp>

#include "machine/systemc/burst_bytes.hpp"
#include "machine/systemc/burst_payloads.hpp"
#include "machine/systemc/unit_modules.hpp"
#include "machine/units/burst_port.hpp"

namespace u65sim::machine {

/// What a machine's ports have in common when they speak TLM.
struct TlmPorts {
    std::array<AxiProtocol, 2> protocol;
    BurstBytes& bytes;
};

class TlmPortModule : public PortModule, private BurstServer {
public:
    tlm_utils::simple_initiator_socket<TlmPortModule, 32> socket{"socket"};

    /// Throws InvalidConfig for sizes that are no powers of two or contradict each other.
    TlmPortModule(const sc_core::sc_module_name& name, UnitId unit, const UnitContext& context,
                  const TlmPorts& ports);

    [[nodiscard]] PortServer& server() override { return *port_; }
    /// No burst that is under way is awaited any more.
    void abandon() { forget(); }
    /// Payloads whose answers have not ended.
    [[nodiscard]] std::size_t under_way() const { return under_way_.size(); }
    /// Payloads that somebody still holds.
    [[nodiscard]] std::size_t held() const { return pool_.in_use(); }
    /// Notified when under_way() becomes zero.
    [[nodiscard]] const sc_core::sc_event& drained() const { return drained_; }

private:
    /// A payload whose answer begins at `time`.
    struct Answer {
        BurstPayload* payload = nullptr;
        bool end = false;  ///< END_RESP is still to be sent
    };
    /// Bytes on the platform, from `begin` up to, not with, `end`.
    struct Span {
        std::uint64_t begin = 0, end = 0;
    };

    void end_of_elaboration() override;
    [[nodiscard]] int number() const { return id() == UnitId::axi0 ? 0 : 1; }

    [[nodiscard]] bool ready() const override;
    [[nodiscard]] bool ahead() const override {
        return protocol_.style == AxiProtocol::Style::annotated;
    }
    void send(BurstRequest& burst, Time time) override;
    void forget() override;

    void cut(const BurstRequest& burst);
    BurstPayload& payload_for(BurstRequest& burst, const Span& part);
    void fill_write(BurstPayload& payload);
    void discard(std::deque<BurstPayload*>& payloads);
    void round_out(BurstPayload& payload, std::uint64_t wanted, std::uint64_t wanted_bytes);
    void add_stored_before(BurstPayload& payload) const;
    void retire_writes();
    void pump();
    void transport(BurstPayload& payload);
    tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
    void end_request(BurstPayload& payload, const sc_core::sc_time& time);
    void channel_free();
    void schedule(BurstPayload& payload, const sc_core::sc_time& time, bool end);
    void answer_due();
    void answer(BurstPayload& payload, const sc_core::sc_time& time, bool end);
    void work();

    AxiProtocol protocol_;
    BurstBytes* bytes_;
    std::optional<BurstPort> port_;
    BurstPayloads pool_;
    std::deque<BurstPayload*> under_way_;  ///< in the order in which they were made
    /// Writes that are rounded out without byte enables, in the order in which they were made: from
    /// the oldest that has no answer on, those behind it included that have one.
    std::deque<BurstPayload*> filled_writes_;
    std::vector<Span> parts_;            ///< of the burst that is being sent
    std::vector<unsigned char> writes_;  ///< its bytes
    std::deque<BurstPayload*> outgoing_;
    BurstPayload* open_ = nullptr;  ///< its request has not been accepted
    bool sending_ = false;          ///< within nb_transport_fw
    Time sent_at_ = 0;              ///< of the burst whose payloads are outgoing
    sc_core::sc_event channel_free_, answer_due_, job_, drained_;
    std::multimap<sc_core::sc_time, Answer> answers_;
    std::deque<BurstPayload*> jobs_;  ///< for b_transport
    std::size_t idle_workers_ = 0;
};

}  // namespace u65sim::machine
