// An initiator that stands for whatever else uses the bus. This header needs SystemC: link
// u65sim::systemc.
#pragma once

#include <cstdint>
#include <memory>

#include <tlm_utils/simple_initiator_socket.h>
#include <systemc>
#include <tlm>

#include <u65sim/platform.hpp>

namespace u65sim {

/// What the requests of a TrafficModule came to. Latencies are from BEGIN_REQ to BEGIN_RESP, of
/// b_transport from its call to its end.
struct TrafficStatistics {
    std::uint64_t reads = 0, writes = 0;              ///< answered, errors included
    std::uint64_t bytes_read = 0, bytes_written = 0;  ///< without an error
    std::uint64_t errors = 0;
    sc_core::sc_time least_latency, most_latency, summed_latency;
    sc_core::sc_time last_response;  ///< simulated time

    [[nodiscard]] sc_core::sc_time mean_latency() const;
};

/// Request k of a rate starts at k * burst / bytes_per_second, or as soon after as fewer than
/// `max_outstanding` are on their way; what is late is made up for. Requests of a trace start at
/// their times under the same limit. Responses are taken at once. Written bytes are the request's
/// number, repeated.
class TrafficModule : public sc_core::sc_module {
public:
    tlm_utils::simple_initiator_socket<TrafficModule> socket;

    /// Throws InvalidConfig when the parameters make no sense.
    TrafficModule(sc_core::sc_module_name name, const TrafficParameters& parameters);
    ~TrafficModule() override;

    [[nodiscard]] const TrafficStatistics& statistics() const;
    /// All requests of the trace, or as many as asked for, are answered.
    [[nodiscard]] bool finished() const;
    /// No request begins from now on.
    void stop();

private:
    using Payload = tlm::tlm_generic_payload;
    tlm::tlm_sync_enum nb_transport_bw(Payload& payload, tlm::tlm_phase& phase,
                                       sc_core::sc_time& delay);
    void run_blocking();

    class State;
    std::unique_ptr<State> state_;
};

}  // namespace u65sim
