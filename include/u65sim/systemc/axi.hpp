// How an AXI port of the NPU speaks to the target that its socket is bound to. This header needs
// SystemC: link u65sim::systemc.
#pragma once

#include <cstdint>

#include <systemc>
#include <tlm>

namespace u65sim {

/// What a target on the platform wants of the payloads it gets. All sizes are powers of two.
struct AxiProtocol {
    enum class Style : std::uint8_t {
        /// The four phases of the base protocol, each at its own time: END_RESP is a call of its
        /// own. The next request is sent when the target has accepted the one before.
        four_phases,
        /// b_transport, one call a burst, several at a time where the target waits in them.
        blocking,
        /// nb_transport_fw with annotated times, ahead of simulated time: for targets that answer
        /// at once, within the call, as SramModule and DramModule do. With those bound directly the
        /// run takes the cycles of simulate().
        annotated,
    };
    Style style = Style::four_phases;
    /// Bytes of the longest payload; zero: a burst of the NPU, 256 bytes at most.
    std::uint32_t largest_payload = 0;
    /// No payload crosses a multiple of so many bytes (a channel's interleaving); zero: any may.
    std::uint32_t boundary = 0;
    /// Addresses and lengths are rounded out to multiples of so many bytes (a burst of the target's
    /// memory). Writes are filled up with what transport_dbg reads at their time.
    std::uint32_t whole = 1;
    /// Writes that were filled up carry byte enables for the NPU's own bytes.
    bool byte_enables = true;
    /// Bursts in flight in each direction, besides the limit of the NPU's target; zero: no other.
    std::uint32_t in_flight = 0;
};

/// Carried by every burst of the NPU; targets may ignore it.
class BurstExtension : public tlm::tlm_extension<BurstExtension> {
public:
    /// Cycles for which the burst takes the port's data bus.
    std::int64_t beats = 0;
    /// The initiator takes annotated answers within the call (AxiProtocol::Style::annotated).
    bool annotated = false;

    [[nodiscard]] tlm::tlm_extension_base* clone() const override {
        return new BurstExtension(*this);
    }
    void copy_from(const tlm::tlm_extension_base& other) override {
        *this = static_cast<const BurstExtension&>(other);
    }
};

}  // namespace u65sim
