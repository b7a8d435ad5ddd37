#include "machine/systemc/machine_module.hpp"

namespace u65sim::machine {

ShramModule::ShramModule(const sc_core::sc_module_name& name, Channels& channels)
    : sc_core::sc_module(name),
      ifm_buffer("ifm_buffer", channels.ifm),
      accumulators("accumulators", channels.accumulators) {}

WeightDecoderModule::WeightDecoderModule(const sc_core::sc_module_name& name, Channels& channels,
                                         const UnitContext& context)
    : sc_core::sc_module(name),
      weight_buffer("weight_buffer", channels.weights),
      scale_buffer("scale_buffer", channels.scales),
      weight_loader("weight_loader", UnitId::weight_loader, context),
      scale_loader("scale_loader", UnitId::scale_loader, context) {
    weight_loader.scales(scale_buffer);
    weight_loader.buffer(weight_buffer);
    scale_loader.buffer(scale_buffer);
}

MachineModule::MachineModule(const sc_core::sc_module_name& name, Scheduler& clock,
                             UnitCarrier& carrier, const TlmPorts* tlm)
    : sc_core::sc_module(name),
      channels_(clock),
      context_{carrier, clock, channels_.hardware, channels_.operations, channels_.probe},
      axi0_(make_port("axi0", UnitId::axi0, tlm)),
      axi1_(make_port("axi1", UnitId::axi1, tlm)),
      modules_{&parser_,
               &ifm_loader_,
               &weight_decoder_.weight_loader,
               &weight_decoder_.scale_loader,
               &mac_array_,
               &output_unit_,
               &ofm_writer_,
               &dma_,
               axi0_.get(),
               axi1_.get()} {
    bind_units();
}

std::unique_ptr<PortModule> MachineModule::make_port(const char* name, UnitId unit,
                                                     const TlmPorts* tlm) {
    if (tlm == nullptr) return std::make_unique<AxiPortModule>(name, unit, context_);
    auto port = std::make_unique<TlmPortModule>(name, unit, context_, *tlm);
    tlm_ports_[unit == UnitId::axi0 ? 0 : 1] = port.get();
    return port;
}

void MachineModule::bind_units() {
    parser_.memory(memory_);
    parser_.kernels(kernels_);
    parser_.dmas(dmas_);
    ifm_loader_.memory(memory_);
    ifm_loader_.kernels(kernels_);
    ifm_loader_.buffer(shram_.ifm_buffer);
    weight_decoder_.weight_loader.memory(memory_);
    weight_decoder_.weight_loader.kernels(kernels_);
    weight_decoder_.scale_loader.memory(memory_);
    weight_decoder_.scale_loader.kernels(kernels_);
    mac_array_.kernels(kernels_);
    mac_array_.input(shram_.ifm_buffer);
    mac_array_.weights(weight_decoder_.weight_buffer);
    mac_array_.accumulators(shram_.accumulators);
    mac_array_.output(blocks_);
    output_unit_.memory(memory_);
    output_unit_.kernels(kernels_);
    output_unit_.blocks(blocks_);
    output_unit_.scales(weight_decoder_.scale_buffer);
    output_unit_.input(shram_.ifm_buffer);
    output_unit_.staging(staging_);
    ofm_writer_.kernels(kernels_);
    ofm_writer_.staging(staging_);
    dma_.memory(memory_);
    dma_.queue(dmas_);
    axi0_->requests(requests0_);
    axi1_->requests(requests1_);
}

Units MachineModule::units() {
    return {parser_.unit(),
            ifm_loader_.unit(),
            weight_decoder_.weight_loader.unit(),
            weight_decoder_.scale_loader.unit(),
            mac_array_.unit(),
            output_unit_.unit(),
            ofm_writer_.unit(),
            dma_.unit(),
            axi0_->server(),
            axi1_->server()};
}

}  // namespace u65sim::machine
