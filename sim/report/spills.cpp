#include <algorithm>

#include "report/join.hpp"

namespace u65sim::report {

namespace {

/// The placement that the map `index` of an operation's record is; -1: none, or unknown.
std::int32_t placement_of(const CommandLabel& label, const OperationRecord& operation,
                          std::size_t index) {
    const bool is_last = index + 1 == operation.maps.size();
    return label.maps[is_last ? 2 : index];
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
        for (std::size_t i = 0; i < simulation.operations.size(); ++i) {
            if (labels[i] == nullptr || map.placement < 0) continue;
            const OperationRecord& operation = simulation.operations[i];
            for (std::size_t k = 0; k < operation.maps.size(); ++k) {
                if (placement_of(*labels[i], operation, k) != map.placement) continue;
                const RegionTraffic& traffic = operation.maps[k];
                event.dram_read_bytes += traffic.read_bytes;
                event.dram_write_bytes += traffic.write_bytes;
                if (traffic.write_bytes == Bytes{0}) continue;
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
