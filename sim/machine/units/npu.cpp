#include "machine/units/npu.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "machine/units/state.hpp"

namespace u65sim::machine {

Npu::Npu(Scheduler& carrier)
    : scheduler(carrier),
      channels(carrier),
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
      axi0(UnitId::axi0, channels.requests0, carrier, channels.probe),
      axi1(UnitId::axi1, channels.requests1, carrier, channels.probe) {}

void Npu::load(const std::vector<stream::Command>& commands, std::int64_t words,
               const Target& target, const SimulateOptions& options) {
    channels.reset(commands, target, options.timeline);
    ifm_loader.reset();
    weight_loader.reset();
    scale_loader.reset();
    mac_array.reset();
    output_unit.reset();
    dma.reset();
    axi0.reset();
    axi1.reset();
    parser.load(commands, words);
}

Time Npu::act(UnitId unit, Time now) {
    switch (unit) {
        case UnitId::command_parser:
            return parser.act(now);
        case UnitId::ifm_loader:
            return ifm_loader.act(now);
        case UnitId::weight_loader:
            return weight_loader.act(now);
        case UnitId::scale_loader:
            return scale_loader.act(now);
        case UnitId::mac_array:
            return mac_array.act(now);
        case UnitId::output_unit:
            return output_unit.act(now);
        case UnitId::ofm_writer:
            return ofm_writer.act(now);
        case UnitId::dma:
            return dma.act(now);
        case UnitId::axi0:
            return axi0.act(now);
        case UnitId::axi1:
            break;
    }
    return axi1.act(now);
}

void Npu::finish_settled(Time now) {
    parser.finish(now);
    channels.probe.restart(now);
}

template <class State>
void Npu::pass(State& state) {
    // Channels and units meet the transfers that ports refer to.
    channels.pass(state,
                  std::min({ifm_loader.kernel(), weight_loader.kernel(), scale_loader.kernel()}));
    parser.pass(state);
    ifm_loader.pass(state);
    weight_loader.pass(state);
    scale_loader.pass(state);
    mac_array.pass(state);
    output_unit.pass(state);
    dma.pass(state);
    axi0.pass(state);
    axi1.pass(state);
    for (std::size_t i = 0; i < unit_count; ++i) {
        const auto unit = static_cast<UnitId>(i);
        Time next = scheduler.time_of(unit);
        state.time(next);
        if (State::reading && next != never) scheduler.wake(unit, next);
    }
}

template void Npu::pass(StateWriter&);
template void Npu::pass(StateReader&);

std::string Npu::describe(Time now) const {
    std::string text = parser.describe();
    for (const std::string& line :
         {ifm_loader.describe(), weight_loader.describe(now), scale_loader.describe(),
          mac_array.describe(), output_unit.describe(), ofm_writer.describe(), dma.describe()}) {
        text += "; " + line;
    }
    if (const std::string line = axi0.describe(); !line.empty()) text += "; axi0 has " + line;
    if (const std::string line = axi1.describe(); !line.empty()) text += "; axi1 has " + line;
    return text;
}

}  // namespace u65sim::machine
