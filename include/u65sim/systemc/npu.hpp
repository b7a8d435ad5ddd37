// The NPU as a module of somebody's SystemC platform. This header needs SystemC: link
// u65sim::systemc.
#pragma once

#include <memory>

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <systemc>
#include <tlm>

#include <u65sim/simulate.hpp>
#include <u65sim/target.hpp>

namespace u65sim {

/// An Ethos-U behind TLM-2.0 sockets, loosely timed. A driver writes QBASE, QSIZE, QCONFIG,
/// REGIONCFG and the BASEPs, sets bit 0 of CMD, and waits for `irq`.
///
/// A run fetches the command stream over the port that QCONFIG names, takes the cycles that
/// simulate() gives for these words on this target (its own memories' latency and bandwidth: the
/// platform's bus adds nothing), and then reads, computes and writes the regions' bytes, each over
/// the port that REGIONCFG gives it, before STATUS and `irq` tell the end. A stream that cannot be
/// decoded or leaves its memory ends with STATUS bit 4 (command parse error), a failed bus
/// transaction with bit 2 (bus abort), both with `irq`. Several instances may share a platform.
class NpuModule : public sc_core::sc_module {
public:
    /// Byte addresses of the control registers (register description).
    enum Register : unsigned {
        id = 0x000,
        status = 0x004,
        cmd = 0x008,
        reset = 0x00C,
        qbase = 0x010,  ///< two words, 40 bits
        qread = 0x018,
        qconfig = 0x01C,
        qsize = 0x020,
        config = 0x028,
        region_config = 0x03C,
        axi_limit = 0x040,     ///< four words
        base_pointer = 0x080,  ///< eight times two words
        register_end = 0x1000
    };
    enum Status : unsigned {
        running = 1U << 0,
        irq_raised = 1U << 1,
        bus_abort = 1U << 2,
        parse_error = 1U << 4,
        stream_end = 1U << 5,
        fault_on_axi1 = 1U << 11
    };

    tlm_utils::simple_initiator_socket<NpuModule> axi0, axi1;
    /// 32-bit reads and writes; anything else answers with a burst or address error.
    tlm_utils::simple_target_socket<NpuModule> control;
    sc_core::sc_out<bool> irq;

    /// The clock is the target's. Throws InvalidConfig when the target makes no sense.
    NpuModule(sc_core::sc_module_name name, const Target& target);
    ~NpuModule() override;

    /// Of the last run that reached its stream's end; no operations before the first.
    [[nodiscard]] const Simulation& last_run() const;
    /// What ended the last run early; "" when nothing did.
    [[nodiscard]] const std::string& last_error() const;

private:
    void b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);
    void run();
    void drive_irq();

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace u65sim
