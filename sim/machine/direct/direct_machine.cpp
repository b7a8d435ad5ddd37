#include "machine/direct/direct_machine.hpp"

namespace u65sim::machine {

DirectMachine::DirectMachine(Scheduler& scheduler)
    : channels(scheduler),
      parser({channels.hardware, channels.probe, channels.memory, channels.kernels, channels.dmas}),
      ifm_loader(
          {channels.hardware, channels.probe, channels.memory, channels.kernels, channels.ifm}),
      weight_loader(
          {channels.probe, channels.memory, channels.kernels, channels.scales, channels.weights}),
      scale_loader(
          {channels.hardware, channels.probe, channels.memory, channels.kernels, channels.scales}),
      mac_array({channels.hardware, channels.probe, channels.kernels, channels.ifm,
                 channels.weights, channels.accumulators, channels.blocks}),
      output_unit({channels.probe, channels.memory, channels.kernels, channels.blocks,
                   channels.scales, channels.ifm, channels.staging}),
      ofm_writer({channels.hardware, channels.probe, channels.kernels, channels.staging}),
      dma({channels.probe, channels.memory, channels.operations, channels.dmas}),
      axi0(UnitId::axi0, {scheduler, channels.probe, channels.requests0}),
      axi1(UnitId::axi1, {scheduler, channels.probe, channels.requests1}),
      npu(scheduler, channels,
          {parser, ifm_loader, weight_loader, scale_loader, mac_array, output_unit, ofm_writer, dma,
           axi0, axi1}) {}

}  // namespace u65sim::machine
