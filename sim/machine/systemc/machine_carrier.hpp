// Lets one machine run on SystemC's kernel: its modules, its clock, its runs.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <vector>

#include <u65sim/simulate.hpp>

#include "machine/systemc/clock_domain.hpp"
#include "machine/systemc/machine_module.hpp"
#include "machine/systemc/systemc.hpp"
#include "machine/systemc/vcd_trace.hpp"
#include "machine/units/npu.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine {

/// Runs follow each other on the kernel's own time; each begins a cycle 0 of its own.
class MachineCarrier final : public UnitCarrier {
public:
    /// The module `name` and its children; during elaboration.
    explicit MachineCarrier(const char* name, const TlmPorts* tlm = nullptr);

    /// Begins a run now, at the clock of which `cycles` tells. `ports`: which port each region is
    /// behind, instead of what the target says. `commands` must outlive the run.
    void start(const std::vector<stream::Command>& commands, std::int64_t words,
               const Target& target, const SimulateOptions& options, const ClockDomain& cycles,
               const PortMap* ports = nullptr);
    /// No unit acts any more.
    void stop();
    /// Bursts that are under way are not awaited any more, where memories are behind sockets; their
    /// payloads stay in flight until they are answered. After stop().
    void abandon_bursts();
    /// What ends the run early, but for SystemC's own time.
    void fail(std::exception_ptr failure);

    /// Notified when the stream is at its end, or the run has failed.
    [[nodiscard]] const sc_core::sc_event& ended() const { return ended_; }
    /// Throws what has failed.
    void rethrow() const {
        if (failure_) std::rethrow_exception(failure_);
    }
    [[nodiscard]] bool finished() const { return npu_ && npu_->finished(); }
    [[nodiscard]] Npu& npu() { return *npu_; }
    [[nodiscard]] MachineModule& module() { return machine_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }
    /// Sampled behind each act; null: nobody traces.
    void trace(VcdTrace* trace) { trace_ = trace; }

    // The units' side.
    void act(UnitId unit) override;
    void forward() override;
    [[nodiscard]] const ClockDomain& cycles() const override { return cycles_; }

private:
    ClockDomain cycles_;
    Scheduler scheduler_;
    MachineModule machine_;
    std::optional<Npu> npu_;  ///< from the first run on
    std::uint64_t events_ = 0, most_events_ = 0;
    bool running_ = false;
    sc_core::sc_event ended_;
    VcdTrace* trace_ = nullptr;
    std::exception_ptr failure_;  ///< the mailbox: nothing may leave a process
};

}  // namespace u65sim::machine
