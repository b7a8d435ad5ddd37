#include "machine/systemc/machine_module.hpp"

namespace u65sim::machine {

MachineModule::MachineModule(const sc_core::sc_module_name& name, Scheduler& clock,
                             UnitCarrier& carrier, const TlmPorts* tlm)
    : sc_core::sc_module(name),
      channels_(clock),
      context_{carrier, clock, channels_.hardware, channels_.operations, channels_.probe},
      axi0_(make_port("axi0", UnitId::axi0, tlm)),
      axi1_(make_port("axi1", UnitId::axi1, tlm)),
      modules_{&parser_,      &ifm_loader_, &weight_loader_, &scale_loader_, &mac_array_,
               &output_unit_, &ofm_writer_, &dma_,           axi0_.get(),    axi1_.get()} {
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
    ifm_loader_.buffer(ifm_);
    weight_loader_.memory(memory_);
    weight_loader_.kernels(kernels_);
    weight_loader_.scales(scales_);
    weight_loader_.buffer(weights_);
    scale_loader_.memory(memory_);
    scale_loader_.kernels(kernels_);
    scale_loader_.buffer(scales_);
    mac_array_.kernels(kernels_);
    mac_array_.input(ifm_);
    mac_array_.weights(weights_);
    mac_array_.accumulators(accumulators_);
    mac_array_.output(blocks_);
    output_unit_.memory(memory_);
    output_unit_.kernels(kernels_);
    output_unit_.blocks(blocks_);
    output_unit_.scales(scales_);
    output_unit_.input(ifm_);
    output_unit_.staging(staging_);
    ofm_writer_.kernels(kernels_);
    ofm_writer_.staging(staging_);
    dma_.memory(memory_);
    dma_.queue(dmas_);
    axi0_->requests(requests0_);
    axi1_->requests(requests1_);
}

Units MachineModule::units() {
    return {parser_.unit(),    ifm_loader_.unit(),  weight_loader_.unit(), scale_loader_.unit(),
            mac_array_.unit(), output_unit_.unit(), ofm_writer_.unit(),    dma_.unit(),
            axi0_->server(),   axi1_->server()};
}

}  // namespace u65sim::machine
