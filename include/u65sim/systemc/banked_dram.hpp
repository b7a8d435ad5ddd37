// A DRAM with banks, rows and refresh. This header needs SystemC: link u65sim::systemc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <systemc>
#include <tlm>

#include <u65sim/platform.hpp>

namespace u65sim {

/// What a BankedDramModule's accesses met. One request has several when it is longer than one.
struct DramStatistics {
    std::int64_t row_hits = 0;       ///< accesses to a row that was open
    std::int64_t row_misses = 0;     ///< to a bank without an open row
    std::int64_t row_conflicts = 0;  ///< to a bank whose open row had to be closed
    std::int64_t refreshes = 0;
};

/// One channel with its controller and its bytes. Any number of initiators bind to `socket`.
///
/// A request is cut at multiples of a column access (width times burst length); a part of one takes
/// as long as all of it. What arrives at a time is seen at the next edge of the command clock; then
/// its accesses enter the queue, one of each waiting initiator in turn. It has its END_REQ when the
/// last has entered, its BEGIN_RESP when the last one's data have passed the pins. Answers leave in
/// that order, which need not be the order of requests. b_transport waits as long. Bytes move with
/// their column access; those never written are 0. Addresses count from 0; beyond the memory's end
/// requests are answered with TLM_ADDRESS_ERROR_RESPONSE. DMI is refused.
///
/// Not modelled: tFAW, refresh of single banks, power-down, the controller's own latency.
class BankedDramModule : public sc_core::sc_module {
public:
    tlm_utils::multi_passthrough_target_socket<BankedDramModule> socket;

    /// Throws InvalidConfig when the parameters make no sense.
    BankedDramModule(sc_core::sc_module_name name, const BankedDramParameters& parameters);
    ~BankedDramModule() override;

    [[nodiscard]] DramStatistics statistics() const;
    /// Copies bytes without time, as transport_dbg does. Throws InvalidConfig beyond the end.
    void read(std::uint64_t address, void* bytes, std::size_t count) const;
    void write(std::uint64_t address, const void* bytes, std::size_t count);

private:
    using Payload = tlm::tlm_generic_payload;
    tlm::tlm_sync_enum nb_transport_fw(int initiator, Payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
    void b_transport(int initiator, Payload& payload, sc_core::sc_time& delay);
    unsigned transport_dbg(int initiator, Payload& payload);
    bool get_direct_mem_ptr(int initiator, Payload& payload, tlm::tlm_dmi& dmi);
    void end_of_elaboration() override;

    class State;
    std::unique_ptr<State> state_;
};

}  // namespace u65sim
