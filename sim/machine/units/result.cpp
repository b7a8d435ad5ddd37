// The measurements of a finished run, as the public record has them.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "machine/units/npu.hpp"

namespace u65sim::machine {

namespace {

using Events = std::vector<std::pair<std::string, std::int64_t>>;

std::int64_t bursts(const PortTraffic& traffic, bool write) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < channel_count; ++i) {
        if (is_write(static_cast<Channel>(i)) == write) sum += traffic.bursts[i];
    }
    return sum;
}

void add_port(Events& events, int index, PortServer& port, std::int64_t total) {
    const PortTraffic& traffic = port.traffic();
    const auto add = [&](const char* name, std::int64_t value) {
        events.emplace_back(fmt::format("AXI{}_{}", index, name), value);
    };
    add("RD_TRANS_ACCEPTED", bursts(traffic, false));
    add("RD_TRANS_COMPLETED", bursts(traffic, false));
    add("RD_DATA_BEAT_RECEIVED", traffic.read_beats());
    add("WR_TRANS_ACCEPTED", bursts(traffic, true));
    add("WR_TRANS_COMPLETED_M", bursts(traffic, true));
    add("WR_TRANS_COMPLETED_S", bursts(traffic, true));
    add("WR_DATA_BEAT_WRITTEN", traffic.write_beats());
    add("ENABLED_CYCLES", total);
    add("RD_STALL_LIMIT", port.slot_stall(false));
    add("WR_STALL_LIMIT", port.slot_stall(true));
}

Events pmu_events(const Npu& npu, std::int64_t total) {
    const auto flag = [&](Flag which) { return npu.channels.probe.time(which); };
    const Probe::Work& work = npu.channels.probe.work();
    const std::int64_t computing = flag(Flag::mac_computes);
    const std::int64_t by_weights = flag(Flag::mac_waits_weights);
    const std::int64_t by_accumulators = flag(Flag::mac_waits_accumulator);
    const std::int64_t output_active =
        flag(Flag::output_computes) + flag(Flag::output_waits_buffer);
    Events events{
        {"CYCLE", total},
        {"NPU_IDLE", 0},
        {"CC_STALLED_ON_BLOCKDEP", flag(Flag::loader_waits_blockdep)},
        {"CC_STALLED_ON_SHRAM_RECONFIG", flag(Flag::loader_waits_layout)},
        {"NPU_ACTIVE", total},
        {"MAC_ACTIVE", flag(Flag::mac_works)},
        {"MAC_ACTIVE_8BIT", work.mac_8bit},
        {"MAC_ACTIVE_16BIT", work.mac_16bit},
        {"MAC_DPU_ACTIVE", computing},
        {"MAC_STALLED_BY_WD_ACC", by_weights + by_accumulators},
        {"MAC_STALLED_BY_WD", by_weights},
        {"MAC_STALLED_BY_ACC", by_accumulators},
        {"MAC_STALLED_BY_IB", flag(Flag::mac_waits_ifm)},
        {"MAC_ACTIVE_32BIT", work.mac_32bit},
        {"AO_ACTIVE", output_active},
        {"AO_ACTIVE_8BIT", work.output_8bit},
        {"AO_ACTIVE_16BIT", work.output_16bit},
        {"AO_STALLED_BY_OB", flag(Flag::output_waits_buffer)},
        {"WD_ACTIVE", computing},
        {"WD_STALLED_BY_WS", by_weights},
    };
    add_port(events, 0, npu.units.axi0, total);
    add_port(events, 1, npu.units.axi1, total);
    return events;
}

/// Cycles in which each unit was busy, in the order of UnitId.
void add_units(const Npu& npu, Simulation& simulation) {
    const auto busy = [&](std::string_view name, std::int64_t cycles) {
        simulation.units.emplace_back(name);
        simulation.unit_busy.push_back(Cycles{cycles});
    };
    for (std::size_t i = 0; i <= static_cast<std::size_t>(UnitId::dma); ++i) {
        constexpr std::array<Flag, 8> flags{Flag::parser_waits_words, Flag::ifm_in_flight,
                                            Flag::weights_in_flight,  Flag::scales_in_flight,
                                            Flag::mac_computes,       Flag::output_computes,
                                            Flag::write_in_flight,    Flag::dma_in_flight};
        busy(to_string(static_cast<UnitId>(i)), npu.channels.probe.time(flags[i]));
    }
    for (const PortServer* port : {&npu.units.axi0, &npu.units.axi1}) {
        busy(port == &npu.units.axi0 ? "axi0" : "axi1",
             std::max(port->traffic().read_beats(), port->traffic().write_beats()));
    }
}

}  // namespace

Events Npu::counters(Time now) {
    channels.probe.settle(now);
    Events events = pmu_events(*this, now);
    channels.probe.resume(now);
    return events;
}

Simulation Npu::result(std::uint64_t events) {
    const Time total = finish_time();
    Probe& probe = channels.probe;
    probe.finish(total);
    Simulation simulation;
    simulation.total = Cycles{total};
    simulation.causes = probe.causes();
    simulation.ports = {units.axi0.traffic(), units.axi1.traffic()};
    simulation.events = events + units.axi0.acts_ahead() + units.axi1.acts_ahead();
    simulation.segment_start = {Cycles{0}};
    for (OperationRecord& record : probe.records()) {
        const auto largest = std::max_element(record.causes.begin(), record.causes.end());
        if (largest->count() > 0) {
            record.bound_by = static_cast<Cause>(largest - record.causes.begin());
        }
    }
    simulation.timeline = probe.take_timeline();
    simulation.operations = std::move(probe.records());
    simulation.pmu = pmu_events(*this, total);
    add_units(*this, simulation);
    return simulation;
}

}  // namespace u65sim::machine
