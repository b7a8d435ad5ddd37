#include "machine/systemc/machine_module.hpp"

namespace u65sim::machine {

MachineModule::MachineModule(const sc_core::sc_module_name& name, Scheduler& clock,
                             UnitCarrier& carrier)
    : sc_core::sc_module(name),
      channels_(clock),
      context_{carrier, clock, channels_.hardware, channels_.operations, channels_.probe} {
    bind_units();
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
    axi0_.requests(requests0_);
    axi1_.requests(requests1_);
}

Units MachineModule::units() {
    return {parser_.unit(),    ifm_loader_.unit(),  weight_loader_.unit(), scale_loader_.unit(),
            mac_array_.unit(), output_unit_.unit(), ofm_writer_.unit(),    dma_.unit(),
            axi0_.unit(),      axi1_.unit()};
}

}  // namespace u65sim::machine
