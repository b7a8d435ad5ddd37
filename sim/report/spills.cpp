#include <algorithm>
#include <string_view>

#include "report/join.hpp"

namespace u65sim::report {

namespace {

bool lies_in(const RegionTraffic& traffic, const SpilledMap& map) {
    return traffic.region == region_arena && traffic.offset >= map.offset &&
           traffic.offset < map.offset + map.size;
}

}  // namespace

std::vector<SpillEvent> spill_events(const CompiledNetwork& network, const Simulation& simulation,
                                     const std::vector<const CommandLabel*>& labels) {
    std::vector<SpillEvent> events;
    events.reserve(network.spills.size());
    for (const SpilledMap& map : network.spills) {
        SpillEvent event{.tensor = map.tensor,
                         .bytes = map.size,
                         .reason = map.reason,
                         .producer = map.producer,
                         .consumers = map.consumers};
        bool started = false;
        // The same addresses serve other tensors at other times, so only the operators that make
        // or use this one count.
        for (std::size_t i = 0; i < simulation.operations.size(); ++i) {
            if (labels[i] == nullptr) continue;
            const std::string& op = labels[i]->op_name;
            const bool makes = op == map.producer;
            const bool uses = makes || std::find(map.consumers.begin(), map.consumers.end(), op) !=
                                           map.consumers.end();
            if (!uses) continue;
            const OperationRecord& operation = simulation.operations[i];
            for (const RegionTraffic& traffic : operation.maps) {
                if (!lies_in(traffic, map)) continue;
                event.dram_read_bytes += traffic.read_bytes;
                if (!makes || traffic.write_bytes == Bytes{0}) continue;
                event.dram_write_bytes += traffic.write_bytes;
                if (!started || operation.start < event.start_cycle) {
                    event.start_cycle = operation.start;
                    started = true;
                }
            }
        }
        events.push_back(std::move(event));
    }
    std::stable_sort(events.begin(), events.end(), [](const SpillEvent& a, const SpillEvent& b) {
        return a.start_cycle < b.start_cycle;
    });
    return events;
}

}  // namespace u65sim::report
