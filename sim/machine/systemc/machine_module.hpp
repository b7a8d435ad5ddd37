// The NPU as a hierarchy of SystemC: units and channels under one module, ports bound.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "machine/channels/channels.hpp"
#include "machine/systemc/channel_object.hpp"
#include "machine/systemc/systemc.hpp"
#include "machine/systemc/tlm_port.hpp"
#include "machine/systemc/unit_modules.hpp"

namespace u65sim::machine {

class MachineModule : public sc_core::sc_module {
public:
    /// Names and bindings are those of the block diagram in docs/machine.md.
    /// `tlm`: its memories are behind sockets; null: analytic memories within its ports.
    MachineModule(const sc_core::sc_module_name& name, Scheduler& clock, UnitCarrier& carrier,
                  const TlmPorts* tlm = nullptr);

    [[nodiscard]] Channels& channels() { return channels_; }
    /// From the end of elaboration on.
    [[nodiscard]] Units units();
    [[nodiscard]] UnitModule& module(UnitId unit) {
        return *modules_[static_cast<std::size_t>(unit)];
    }
    /// Port 0 or 1 of a machine whose memories are behind sockets.
    [[nodiscard]] TlmPortModule& tlm_port(std::size_t port) { return *tlm_ports_.at(port); }

private:
    std::unique_ptr<PortModule> make_port(const char* name, UnitId unit, const TlmPorts* tlm);
    void bind_units();

    Channels channels_;
    UnitContext context_;

    ChannelObject<RequestPort> requests0_{"axi0_requests", channels_.requests0};
    ChannelObject<RequestPort> requests1_{"axi1_requests", channels_.requests1};
    ChannelObject<MemoryPorts> memory_{"memory_ports", channels_.memory};
    ChannelObject<KernelQueue> kernels_{"kernel_queue", channels_.kernels};
    ChannelObject<DmaQueue> dmas_{"dma_queue", channels_.dmas};
    ChannelObject<IfmBuffer> ifm_{"ifm_buffer", channels_.ifm};
    ChannelObject<WeightBuffer> weights_{"weight_buffer", channels_.weights};
    ChannelObject<Accumulators> accumulators_{"accumulators", channels_.accumulators};
    ChannelObject<BlockQueue> blocks_{"block_queue", channels_.blocks};
    ChannelObject<ScaleBuffer> scales_{"scale_buffer", channels_.scales};
    ChannelObject<OfmStaging> staging_{"ofm_staging", channels_.staging};

    CommandParserModule parser_{"command_parser", UnitId::command_parser, context_};
    IfmLoaderModule ifm_loader_{"ifm_loader", UnitId::ifm_loader, context_};
    WeightLoaderModule weight_loader_{"weight_loader", UnitId::weight_loader, context_};
    ScaleLoaderModule scale_loader_{"scale_loader", UnitId::scale_loader, context_};
    MacArrayModule mac_array_{"mac_array", UnitId::mac_array, context_};
    OutputUnitModule output_unit_{"output_unit", UnitId::output_unit, context_};
    OfmWriterModule ofm_writer_{"ofm_writer", UnitId::ofm_writer, context_};
    DmaModule dma_{"dma", UnitId::dma, context_};
    std::array<TlmPortModule*, 2> tlm_ports_{};
    std::unique_ptr<PortModule> axi0_, axi1_;

    std::array<UnitModule*, unit_count> modules_;
};

}  // namespace u65sim::machine
