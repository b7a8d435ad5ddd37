// The NPU as a device of somebody's virtual platform, without SystemC.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <u65sim/npu_registers.hpp>
#include <u65sim/simulate.hpp>
#include <u65sim/target.hpp>
#include <u65sim/units.hpp>

namespace u65sim {

/// An Ethos-U with a register window, an interrupt and two memory ports. A driver writes QBASE,
/// QSIZE, QCONFIG, REGIONCFG and the BASEPs, sets bit 0 of CMD, and waits for the interrupt.
///
/// Time passes by advance() alone, in cycles of the NPU's clock. A run takes the cycles that its
/// units and the target's memories make of its stream, with each region on the port that REGIONCFG
/// names; the platform's memory adds nothing. The command stream is read when the run starts; the
/// regions are read, and all results are written, in the cycle in which it ends. Performance
/// counters are exact in every cycle.
///
/// A stream that cannot be decoded or leaves its memory ends with STATUS bit 4 (command parse
/// error), a memory access that the platform refuses with bit 2 (bus abort), both with the
/// interrupt. CMD bit 4 gives a run up, RESET does so and clears all registers; nothing is written
/// then. One device must not be used by two threads at a time; several are independent.
class NpuDevice : public NpuRegisterMap {
public:
    /// What the platform gives. Accesses are cut nowhere, `port` is the AXI port (0 or 1); false
    /// refuses one. `irq` is called when the line changes, and may use the device.
    struct Platform {
        std::function<bool(int port, std::uint64_t address, std::uint8_t* bytes, std::size_t count)>
            read;
        std::function<bool(int port, std::uint64_t address, const std::uint8_t* bytes,
                           std::size_t count)>
            write;
        std::function<void(bool raised)> irq;
    };

    /// Throws InvalidConfig when the target makes no sense or `read` or `write` is empty.
    NpuDevice(const Target& target, Platform platform);
    NpuDevice(NpuDevice&&) noexcept;
    NpuDevice& operator=(NpuDevice&&) noexcept;
    ~NpuDevice();

    /// A control register. Throws InvalidConfig for addresses that are no multiple of 4 below
    /// register_end.
    [[nodiscard]] std::uint32_t read(unsigned address);
    void write(unsigned address, std::uint32_t value);

    /// Cycles since the device was made.
    [[nodiscard]] Cycles now() const;
    /// When something happens by itself next: the end of the run. Nothing: no run is under way.
    [[nodiscard]] std::optional<Cycles> next_event() const;
    /// Lets this many cycles pass; what is due within them happens at its own cycle. Zero lets
    /// happen what is due now.
    void advance(Cycles cycles);

    /// Whether the interrupt line is up.
    [[nodiscard]] bool irq() const;
    /// Of the last run that reached its stream's end; no operations before the first.
    [[nodiscard]] const Simulation& last_run() const;
    /// What ended the last run early; "" when nothing did.
    [[nodiscard]] const std::string& last_error() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace u65sim
