// A bus between several initiators and targets. This header needs SystemC: link u65sim::systemc.
#pragma once

#include <memory>

#include <tlm_utils/passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <systemc>
#include <tlm>

#include <u65sim/platform.hpp>

namespace u65sim {

/// Initiator i binds to `in[i]`; `out[t]` is bound to target t of the parameters' map. Four phases
/// with several transactions in flight, and b_transport.
///
/// - What arrives at a time is seen at the next edge of the bus's clock, so that the order within
///   one time does not matter.
/// - A granted request takes the request channel for ceil(written bytes / bandwidth) cycles, at
///   least one, gets its END_REQ as the last of them begins, and reaches its target `latency`
///   cycles behind it.
/// - A response takes the response channel for ceil(read bytes / bandwidth) cycles, at least one;
///   the target gets its END_RESP as the last of them begins, and the initiator its BEGIN_RESP
///   `latency` cycles behind it.
/// - Reads of one initiator are answered in their order, writes in theirs, whichever target they
///   went to; a response that comes too soon waits in the bus, not in its target.
/// - Addresses outside of the map are answered with TLM_ADDRESS_ERROR_RESPONSE after both
///   latencies. b_transport reserves both channels, first come, first served. DMI is refused.
class BusModule : public sc_core::sc_module {
public:
    sc_core::sc_vector<tlm_utils::passthrough_target_socket_tagged<BusModule>> in;
    sc_core::sc_vector<tlm_utils::simple_initiator_socket_tagged<BusModule>> out;

    /// Throws InvalidConfig when the parameters make no sense.
    BusModule(sc_core::sc_module_name name, const BusParameters& parameters);
    ~BusModule() override;

private:
    using Payload = tlm::tlm_generic_payload;
    tlm::tlm_sync_enum nb_transport_fw(int initiator, Payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
    tlm::tlm_sync_enum nb_transport_bw(int target, Payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
    void b_transport(int initiator, Payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(int initiator, Payload& payload);
    bool get_direct_mem_ptr(int initiator, Payload& payload, tlm::tlm_dmi& dmi);

    class State;
    std::unique_ptr<State> state_;
};

}  // namespace u65sim
