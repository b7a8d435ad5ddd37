#include "machine/channels/channels.hpp"

#include <cstddef>

#include "machine/units/records.hpp"
#include "machine/units/state.hpp"
#include "target/architecture.hpp"
#include "timing/axi.hpp"

namespace u65sim::machine {

namespace {

PortMap port_map(MemoryMode mode) {
    PortMap map;
    for (std::size_t region = 0; region < map.regions.size(); ++region) {
        map.regions[region] = port_of_region(mode, static_cast<int>(region));
    }
    map.commands = port_of_commands(mode);
    return map;
}

}  // namespace

Channels::Channels(Scheduler& scheduler)
    : requests0(scheduler, UnitId::axi0),
      requests1(scheduler, UnitId::axi1),
      memory{.ports = {&requests0, &requests1}},
      kernels(scheduler, probe, hardware),
      dmas(scheduler, probe),
      ifm(scheduler),
      weights(scheduler),
      accumulators(scheduler),
      blocks(scheduler),
      scales(scheduler, blocks),
      staging(scheduler, accumulators) {}

void Channels::reset(const std::vector<stream::Command>& commands, const Target& target,
                     bool timeline, const PortMap* ports) {
    hardware = {target, architecture(target.accelerator)};
    operations = operations_of(commands);
    memory.map = ports != nullptr ? *ports : port_map(target.memory_mode);
    requests0.reset(timing::port_rules(target, hardware.arch, 0));
    requests1.reset(timing::port_rules(target, hardware.arch, 1));
    probe.reset(timeline, records_of(commands, memory));
    kernels.reset(operations);
    dmas.reset();
    ifm.reset();
    weights.reset(target.timing.weight_buffer.count() * target.accelerator.cores);
    accumulators.reset();
    blocks.reset();
    scales.reset();
    staging.reset();
}

template <class State>
void Channels::pass(State& state, std::int64_t oldest) {
    kernels.pass(state, oldest);
    probe.pass(state);
    if constexpr (State::reading) probe.set_oldest(kernels.oldest_operation(), state.base().now);
    dmas.pass(state);
    ifm.pass(state);
    weights.pass(state);
    accumulators.pass(state);
    blocks.pass(state);
    scales.pass(state);
    staging.pass(state);
}

template void Channels::pass(StateWriter&, std::int64_t);
template void Channels::pass(StateReader&, std::int64_t);

}  // namespace u65sim::machine
