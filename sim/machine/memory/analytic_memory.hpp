// The memory behind one port as formulas: every time is known when a burst is asked for.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "machine/memory/bandwidth_cap.hpp"
#include "machine/memory/burst_flow.hpp"
#include "timing/axi.hpp"

namespace u65sim::machine {

/// A flow of bursts in each direction, and the cap that both share.
class AnalyticMemory {
public:
    void reset(const timing::PortRules& rules) {
        const std::int64_t burst =
            std::max<std::int64_t>(1, rules.bus.burst_bytes / rules.bus.beat_bytes);
        response_ = {0, rules.write_latency};
        flows_[0].reset({.latency = rules.read_latency,
                         .held = rules.slot_overhead,
                         .slots = rules.read_slots,
                         .burst = burst},
                        cap_);
        flows_[1].reset({.latency = 0,
                         .held = rules.write_latency + rules.slot_overhead,
                         .slots = rules.write_slots,
                         .burst = burst},
                        cap_);
        cap_.reset(rules);
    }
    [[nodiscard]] BurstFlow& flow(bool write) { return flows_[write ? 1 : 0]; }
    /// Cycles from a request's last beat to its answer.
    [[nodiscard]] std::int64_t response(bool write) const { return response_[write ? 1 : 0]; }
    [[nodiscard]] BandwidthCap& cap() { return cap_; }

private:
    std::array<BurstFlow, 2> flows_;  ///< reads, writes
    BandwidthCap cap_;
    std::array<std::int64_t, 2> response_{};
};

}  // namespace u65sim::machine
