// When a memory answers bursts that come one by one, from one port or several.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "machine/memory/bandwidth_cap.hpp"
#include "machine/units/scheduler.hpp"
#include "timing/axi.hpp"

namespace u65sim::machine {

/// The memory's half of the analytic rules: latency, one address a cycle and direction, the beats
/// of writes, and the cap, which all ports share. Slots and the beats of reads are the port's.
class BurstTiming {
public:
    void reset(const timing::PortRules& rules) {
        rules_ = rules;
        cap_.reset(rules);
        ports_.clear();
    }

    struct Answer {
        Time accepted = 0;  ///< the address
        Time response = 0;  ///< reads: first data; writes: the last beat has been stored
    };
    /// A burst of `beats` whose address comes at `time`.
    Answer serve(std::size_t port, bool write, std::int64_t beats, Time time) {
        if (port >= ports_.size()) ports_.resize(port + 1);
        Direction& direction = ports_[port][write ? 1 : 0];
        Time issue = std::max(time, direction.address_free);
        if (cap_.active()) issue = cap_.reserve(issue, beats);
        direction.address_free = issue + 1;
        if (!write) return {issue, issue + rules_.read_latency};
        direction.data_free = std::max(issue, direction.data_free) + beats;
        return {issue, direction.data_free + rules_.write_latency};
    }
    [[nodiscard]] std::int64_t beat_bytes() const { return rules_.bus.beat_bytes; }

private:
    struct Direction {
        Time address_free = 0, data_free = 0;
    };
    timing::PortRules rules_;
    BandwidthCap cap_;
    std::vector<std::array<Direction, 2>> ports_;
};

}  // namespace u65sim::machine
