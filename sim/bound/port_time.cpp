#include "bound/port_time.hpp"

#include <algorithm>

#include "base/rounding.hpp"

namespace u65sim::bound {

using timing::PortRules;

namespace {

std::int64_t longest_burst(const PortRules& rules) {
    return std::max(
        {rules.bus.burst_bytes, rules.map_bus.burst_bytes, rules.weight_bus.burst_bytes});
}

/// Beats granted a period: the last burst passes whole.
std::int64_t granted_beats(const PortRules& rules) {
    if (rules.steady_cap) return rules.cap_beats;
    return rules.cap_beats + longest_burst(rules) / rules.bus.beat_bytes;
}

/// One direction: each beat a cycle, each burst in a slot for latency, data and overhead. The last
/// one's overhead may outlast the run. DMAs may bring maps and weights as well.
std::int64_t direction_cycles(std::int64_t maps, std::int64_t weights, const PortRules& rules,
                              bool write) {
    const std::int64_t beats = (maps + weights) / rules.bus.beat_bytes;
    const std::int64_t slots = write ? rules.write_slots : rules.read_slots;
    if (slots <= 0) return beats;
    const std::int64_t latency = write ? rules.write_latency : rules.read_latency;
    const std::int64_t bursts =
        maps / std::max(rules.map_bus.burst_bytes, rules.bus.burst_bytes) +
        weights / std::max(rules.weight_bus.burst_bytes, rules.bus.burst_bytes);
    const std::int64_t held = bursts * (latency + rules.slot_overhead) + beats;
    return std::max(beats, held / slots - latency - rules.slot_overhead);
}

}  // namespace

std::int64_t port_cycles(const PortLoad& load, const PortRules& rules, std::int64_t runs) {
    std::int64_t cycles =
        std::max(direction_cycles(load.map_reads, load.weight_reads, rules, false),
                 direction_cycles(load.writes, 0, rules, true));
    if (rules.cap_beats > 0) {
        const std::int64_t periods =
            load.total() / rules.bus.beat_bytes / granted_beats(rules) - runs;
        cycles = std::max(cycles, periods * rules.cap_period);
    }
    return std::max<std::int64_t>(cycles, 0);
}

std::int64_t both_ports_cycles(std::int64_t bytes, const PortRules& one, const PortRules& other,
                               std::int64_t runs) {
    // Beats in a time that both ports' periods divide, both at their best.
    const std::int64_t beats = bytes / one.bus.beat_bytes;
    const auto period = [](const PortRules& rules) {
        return rules.cap_beats > 0 ? rules.cap_period : std::int64_t{1};
    };
    const auto granted = [](const PortRules& rules) {
        return rules.cap_beats > 0 ? granted_beats(rules) : std::int64_t{2};
    };
    const std::int64_t in_all = granted(one) * period(other) + granted(other) * period(one);
    const std::int64_t ahead = runs * (granted(one) + granted(other));
    return timing::share_of(std::max<std::int64_t>(0, beats - ahead), period(one) * period(other),
                            in_all);
}

}  // namespace u65sim::bound
