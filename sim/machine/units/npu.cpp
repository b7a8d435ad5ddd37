#include "machine/units/npu.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "machine/units/state.hpp"

namespace u65sim::machine {

void Npu::load(const std::vector<stream::Command>& commands, std::int64_t words,
               const Target& target, const SimulateOptions& options, const PortMap* ports) {
    channels.reset(commands, target, options.timeline, ports);
    units.ifm_loader.reset();
    units.weight_loader.reset();
    units.scale_loader.reset();
    units.mac_array.reset();
    units.output_unit.reset();
    units.dma.reset();
    units.axi0.reset();
    units.axi1.reset();
    units.parser.load(commands, words);
}

Time Npu::act(UnitId unit, Time now) {
    switch (unit) {
        case UnitId::command_parser:
            return units.parser.act(now);
        case UnitId::ifm_loader:
            return units.ifm_loader.act(now);
        case UnitId::weight_loader:
            return units.weight_loader.act(now);
        case UnitId::scale_loader:
            return units.scale_loader.act(now);
        case UnitId::mac_array:
            return units.mac_array.act(now);
        case UnitId::output_unit:
            return units.output_unit.act(now);
        case UnitId::ofm_writer:
            return units.ofm_writer.act(now);
        case UnitId::dma:
            return units.dma.act(now);
        case UnitId::axi0:
            return units.axi0.act(now);
        case UnitId::axi1:
            break;
    }
    return units.axi1.act(now);
}

void Npu::finish_settled(Time now) {
    units.parser.finish(now);
    channels.probe.restart(now);
}

template <class State>
void Npu::pass(State& state) {
    // Channels and units meet the transfers that ports refer to.
    channels.pass(state, std::min({units.ifm_loader.kernel(), units.weight_loader.kernel(),
                                   units.scale_loader.kernel()}));
    units.parser.pass(state);
    units.ifm_loader.pass(state);
    units.weight_loader.pass(state);
    units.scale_loader.pass(state);
    units.mac_array.pass(state);
    units.output_unit.pass(state);
    units.dma.pass(state);
    units.axi0.pass(state);
    units.axi1.pass(state);
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
    std::string text = units.parser.describe();
    for (const std::string& line :
         {units.ifm_loader.describe(), units.weight_loader.describe(now),
          units.scale_loader.describe(), units.mac_array.describe(), units.output_unit.describe(),
          units.ofm_writer.describe(), units.dma.describe()}) {
        text += "; " + line;
    }
    if (const std::string line = units.axi0.describe(); !line.empty()) text += "; axi0 has " + line;
    if (const std::string line = units.axi1.describe(); !line.empty()) text += "; axi1 has " + line;
    return text;
}

}  // namespace u65sim::machine
