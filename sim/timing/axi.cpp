#include "timing/axi.hpp"

#include <algorithm>
#include <numeric>

#include "target/memory_rate.hpp"

namespace u65sim::timing {

PortRules port_rules(const Target& target, const Architecture& arch, int port) {
    const Memory& memory = port == 0 ? target.sram : target.off_chip;
    PortRules rules;
    rules.bus = {arch.axi_width_bytes, std::max<std::int64_t>(memory.burst.count(), 1)};
    constexpr std::int64_t narrowest = 8;
    const auto longer = [&](std::int64_t times) {
        return BusShape{rules.bus.beat_bytes, rules.bus.burst_bytes * times};
    };
    rules.map_bus = longer(rules.bus.beat_bytes / narrowest);
    rules.weight_bus = longer(target.accelerator.cores);
    if (target.ideal_memory) return rules;
    rules.read_latency = read_latency(memory, target.accelerator).count();
    rules.write_latency = write_latency(memory, target.accelerator).count();
    rules.read_slots = memory.max_outstanding_reads;
    rules.write_slots = memory.max_outstanding_writes;
    rules.slot_overhead = target.timing.burst_overhead.count();
    const BytesPerCycle rate = rate_left(memory, target.accelerator);
    if (rate.numerator() > 0) {
        const std::int64_t beat_cycles = rate.denominator() * arch.axi_width_bytes;
        if (memory.bandwidth_period.count() > 0) {
            rules.cap_period = memory.bandwidth_period.count();
            rules.cap_beats = std::max<std::int64_t>(
                1, (rules.cap_period * rate.numerator() + beat_cycles / 2) / beat_cycles);
        } else {
            const std::int64_t common = std::gcd(rate.numerator(), beat_cycles);
            rules.cap_beats = rate.numerator() / common;
            rules.cap_period = beat_cycles / common;
            rules.steady_cap = true;
        }
    }
    return rules;
}

std::int64_t PortRules::address_period() const {
    return std::lcm(std::lcm(map_bus.burst_bytes, weight_bus.burst_bytes),
                    std::lcm(bus.burst_bytes, bus.beat_bytes));
}

Cycles streaming_cycles(const Access& access, const PortRules& rules, bool write) {
    if (access.beats <= 0) return Cycles{0};
    std::int64_t cycles = access.beats;
    const std::int64_t slots = write ? rules.write_slots : rules.read_slots;
    if (slots > 0) {
        const std::int64_t latency = write ? rules.write_latency : rules.read_latency;
        const std::int64_t held = access.bursts * (latency + rules.slot_overhead) + access.beats;
        cycles = std::max(cycles, ceil_div(held, slots));
    }
    return Cycles{cycles};
}

Cycles streaming_from_idle(const Access& access, const PortRules& rules, bool write) {
    if (access.beats <= 0) return Cycles{0};
    const std::int64_t slots = write ? rules.write_slots : rules.read_slots;
    if (slots == 0 || access.bursts <= slots) return Cycles{access.beats};
    const std::int64_t latency = write ? rules.write_latency : rules.read_latency;
    const std::int64_t burst = ceil_div(access.beats, access.bursts);
    const std::int64_t rounds = (access.bursts - 1) / slots;
    const std::int64_t last = access.bursts - rounds * slots;
    return Cycles{
        std::max(access.beats, rounds * (latency + rules.slot_overhead + burst) + last * burst)};
}

Cycles capped_cycles(const Access& both, const PortRules& rules) {
    if (rules.cap_beats <= 0 || both.beats <= 0) return Cycles{0};
    const std::int64_t burst = std::max<std::int64_t>(1, both.beats / both.bursts);
    const std::int64_t granted =
        rules.steady_cap ? rules.cap_beats : round_up(rules.cap_beats, burst);
    return Cycles{ceil_div(both.beats * rules.cap_period, granted)};
}

Cycles capped_from_idle(const Access& both, const PortRules& rules) {
    const Cycles capped = capped_cycles(both, rules);
    if (rules.steady_cap) return capped;
    return std::max(capped - Cycles{rules.cap_period / 2}, Cycles{0});
}

std::int64_t transfer_cycles(const Access& access, const PortRules& rules, bool write) {
    return std::max(streaming_cycles(access, rules, write), capped_cycles(access, rules)).count();
}

std::int64_t first_cycles(const Access& access, const PortRules& rules, bool write) {
    return std::max(streaming_from_idle(access, rules, write), capped_from_idle(access, rules))
        .count();
}

}  // namespace u65sim::timing
