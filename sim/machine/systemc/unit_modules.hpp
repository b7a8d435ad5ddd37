// One SystemC module a unit: ports that are bound to channels, and the unit that looks through
// them.
#pragma once

#include <optional>

#include "machine/channels/channels.hpp"
#include "machine/systemc/channel_object.hpp"
#include "machine/systemc/clock_domain.hpp"
#include "machine/systemc/systemc.hpp"
#include "machine/units/axi_port.hpp"
#include "machine/units/units.hpp"

namespace u65sim::machine {

/// Lets a unit act when its module is woken.
class UnitCarrier {
public:
    virtual void act(UnitId unit) = 0;
    /// Wakes that units were given outside of their acts reach the kernel.
    virtual void forward() = 0;
    /// The clock whose cycles units count.
    [[nodiscard]] virtual const ClockDomain& cycles() const = 0;

protected:
    ~UnitCarrier() = default;
};

/// What units know besides the channels they are joined to.
struct UnitContext {
    UnitCarrier& carrier;
    Scheduler& clock;
    const Hardware& hardware;
    const OperationList& operations;
    Probe& probe;
};

/// A wake event, and a process that lets the unit act.
class UnitModule : public sc_core::sc_module {
public:
    UnitModule(const sc_core::sc_module_name& name, UnitId unit, const UnitContext& context);
    [[nodiscard]] UnitId id() const { return unit_; }
    /// Zero: in a later delta. An earlier wake stays.
    void notify(const sc_core::sc_time& delay) { wake_.notify(delay); }
    void cancel() { wake_.cancel(); }

protected:
    [[nodiscard]] const UnitContext& context() const { return context_; }

private:
    void act() { context_.carrier.act(unit_); }

    UnitId unit_;
    UnitContext context_;
    sc_core::sc_event wake_;
};

/// The unit exists from the end of elaboration on, when ports are bound.
template <class Unit>
class ModuleOf : public UnitModule {
public:
    using UnitModule::UnitModule;
    [[nodiscard]] Unit& unit() { return *unit_; }

protected:
    std::optional<Unit> unit_;
};

class CommandParserModule : public ModuleOf<CommandParser> {
public:
    using ModuleOf::ModuleOf;
    ChannelPort<MemoryPorts> memory{"memory"};
    ChannelPort<KernelQueue> kernels{"kernels"};
    ChannelPort<DmaQueue> dmas{"dmas"};

private:
    void end_of_elaboration() override;
};

class IfmLoaderModule : public ModuleOf<IfmLoader> {
public:
    using ModuleOf::ModuleOf;
    ChannelPort<MemoryPorts> memory{"memory"};
    ChannelPort<KernelQueue> kernels{"kernels"};
    ChannelPort<IfmBuffer> buffer{"buffer"};

private:
    void end_of_elaboration() override;
};

class WeightLoaderModule : public ModuleOf<WeightLoader> {
public:
    using ModuleOf::ModuleOf;
    ChannelPort<MemoryPorts> memory{"memory"};
    ChannelPort<KernelQueue> kernels{"kernels"};
    ChannelPort<ScaleBuffer> scales{"scales"};
    ChannelPort<WeightBuffer> buffer{"buffer"};

private:
    void end_of_elaboration() override;
};

class ScaleLoaderModule : public ModuleOf<ScaleLoader> {
public:
    using ModuleOf::ModuleOf;
    ChannelPort<MemoryPorts> memory{"memory"};
    ChannelPort<KernelQueue> kernels{"kernels"};
    ChannelPort<ScaleBuffer> buffer{"buffer"};

private:
    void end_of_elaboration() override;
};

class MacArrayModule : public ModuleOf<MacArray> {
public:
    using ModuleOf::ModuleOf;
    ChannelPort<KernelQueue> kernels{"kernels"};
    ChannelPort<IfmBuffer> input{"input"};
    ChannelPort<WeightBuffer> weights{"weights"};
    ChannelPort<Accumulators> accumulators{"accumulators"};
    ChannelPort<BlockQueue> output{"output"};

private:
    void end_of_elaboration() override;
};

class OutputUnitModule : public ModuleOf<OutputUnit> {
public:
    using ModuleOf::ModuleOf;
    ChannelPort<MemoryPorts> memory{"memory"};
    ChannelPort<KernelQueue> kernels{"kernels"};
    ChannelPort<BlockQueue> blocks{"blocks"};
    ChannelPort<ScaleBuffer> scales{"scales"};
    ChannelPort<IfmBuffer> input{"input"};
    ChannelPort<OfmStaging> staging{"staging"};

private:
    void end_of_elaboration() override;
};

class OfmWriterModule : public ModuleOf<OfmWriter> {
public:
    using ModuleOf::ModuleOf;
    ChannelPort<KernelQueue> kernels{"kernels"};
    ChannelPort<OfmStaging> staging{"staging"};

private:
    void end_of_elaboration() override;
};

class DmaModule : public ModuleOf<Dma> {
public:
    using ModuleOf::ModuleOf;
    ChannelPort<MemoryPorts> memory{"memory"};
    ChannelPort<DmaQueue> queue{"queue"};

private:
    void end_of_elaboration() override;
};

/// Whoever serves the requests of an AXI port.
class PortModule : public UnitModule {
public:
    using UnitModule::UnitModule;
    ChannelPort<RequestPort> requests{"requests"};
    /// From the end of elaboration on.
    [[nodiscard]] virtual PortServer& server() = 0;
};

class AxiPortModule : public PortModule {
public:
    using PortModule::PortModule;
    [[nodiscard]] PortServer& server() override { return *port_; }

private:
    void end_of_elaboration() override;

    std::optional<AxiPort> port_;
};

}  // namespace u65sim::machine
