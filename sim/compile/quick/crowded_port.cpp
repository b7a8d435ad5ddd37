#include "compile/quick/crowded_port.hpp"

#include <algorithm>

#include "target/architecture.hpp"
#include "timing/axi.hpp"

namespace u65sim::compiler::quick {

Cycles wait_for_port(const Target& target) {
    const timing::PortRules rules = timing::port_rules(target, architecture(target.accelerator), 1);
    const std::int64_t bytes = chunk_beats * rules.bus.beat_bytes;
    const std::int64_t chunk =
        timing::transfer_cycles(timing::run_access(0, bytes, rules.bus), rules, false);
    // Where slots are what a copy waits for, it asks for all of them at about the same time, a
    // latency after the last time.
    const std::int64_t beats = rules.bus.burst_bytes / rules.bus.beat_bytes;
    const std::int64_t round = rules.read_latency + rules.slot_overhead + beats;
    const bool waits = rules.read_slots > 0 && rules.read_slots * beats < round;
    return Cycles{std::max(chunk, waits ? round : 0) / 2};
}

}  // namespace u65sim::compiler::quick
