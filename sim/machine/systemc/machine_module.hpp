// The NPU as a hierarchy of SystemC: units and channels under one module, ports bound.
#pragma once

#include <array>
#include <cstddef>

#include "machine/channels/channels.hpp"
#include "machine/systemc/channel_object.hpp"
#include "machine/systemc/systemc.hpp"
#include "machine/systemc/unit_modules.hpp"

namespace u65sim::machine {

class MachineModule : public sc_core::sc_module {
public:
    /// Names and bindings are those of the block diagram in docs/machine.md.
    MachineModule(const sc_core::sc_module_name& name, Scheduler& clock, UnitCarrier& carrier);

    [[nodiscard]] Channels& channels() { return channels_; }
    /// From the end of elaboration on.
    [[nodiscard]] Units units();
    [[nodiscard]] UnitModule& module(UnitId unit) {
        return *modules_[static_cast<std::size_t>(unit)];
    }

private:
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
    AxiPortModule axi0_{"axi0", UnitId::axi0, context_};
    AxiPortModule axi1_{"axi1", UnitId::axi1, context_};

    std::array<UnitModule*, unit_count> modules_{
        &parser_,      &ifm_loader_, &weight_loader_, &scale_loader_, &mac_array_,
        &output_unit_, &ofm_writer_, &dma_,           &axi0_,         &axi1_};
};

}  // namespace u65sim::machine
