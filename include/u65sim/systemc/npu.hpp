// The NPU as a module of somebody's SystemC platform. This header needs SystemC: link
// u65sim::systemc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <systemc>
#include <tlm>

#include <u65sim/npu_registers.hpp>
#include <u65sim/simulate.hpp>
#include <u65sim/systemc/axi.hpp>
#include <u65sim/target.hpp>

namespace u65sim {

/// An Ethos-U behind TLM-2.0 sockets. A driver writes QBASE, QSIZE, QCONFIG, REGIONCFG and the
/// BASEPs, sets bit 0 of CMD, and waits for `irq`.
///
/// A run takes the time that the platform makes of its bursts: the machine's units work inside
/// (module `core`, one child a unit), and each burst goes to the port that QCONFIG or REGIONCFG
/// names, as AxiProtocol says. Bytes move with their bursts: what a burst has read is what the NPU
/// knows, and results are in memory when the target has stored their bursts. Values are computed a
/// whole operation at a time, when its first result leaves; inputs that no burst has read by then,
/// and the command stream, are read through transport_dbg (a target without it is read once, by
/// b_transport, at the start).
///
/// A stream that cannot be decoded or leaves its memory ends with STATUS bit 4 (command parse
/// error), a failed bus transaction with bit 2 (bus abort), both with `irq`. CMD bit 4 gives a run
/// up: STATUS is zero then, without `irq`. RESET does the same and clears all registers; its bit 3
/// in STATUS is up until the last burst under way has been answered. Several instances may share a
/// platform.
class NpuModule : public sc_core::sc_module, public NpuRegisterMap {
public:
    struct Settings {
        /// Takes the cycles that simulate() gives on this target, with its own memories, and moves
        /// all bytes at the end of a run by b_transport: the platform's bus adds nothing. Faster.
        bool loosely_timed = false;
        std::array<AxiProtocol, 2> axi{};  ///< of AXI0 and AXI1, unless loosely timed
    };

    tlm::tlm_initiator_socket<32> axi0, axi1;
    /// 32-bit reads and writes; anything else answers with a burst or address error.
    tlm_utils::simple_target_socket<NpuModule> control;
    sc_core::sc_out<bool> irq;

    /// The clock is the target's. Throws InvalidConfig when target or settings make no sense.
    NpuModule(sc_core::sc_module_name name, const Target& target);
    NpuModule(sc_core::sc_module_name name, const Target& target, const Settings& settings);
    ~NpuModule() override;

    /// Of the last run that reached its stream's end; no operations before the first.
    [[nodiscard]] const Simulation& last_run() const;
    /// What ended the last run early; "" when nothing did.
    [[nodiscard]] const std::string& last_error() const;
    /// Payloads of its own that somebody still holds, itself included. Loosely timed: none.
    [[nodiscard]] std::size_t payloads_held() const;

private:
    void b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);
    void run();
    void drive_irq();

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace u65sim
