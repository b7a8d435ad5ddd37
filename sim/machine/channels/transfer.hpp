// One memory request of a unit, and what requests count.
#pragma once

#include <cstddef>
#include <cstdint>

#include <u65sim/simulate.hpp>

#include "machine/units/scheduler.hpp"
#include "timing/feature_map_access.hpp"

namespace u65sim::machine {

/// The unit keeps it; who serves the port fills in the times when the last burst is granted.
struct Transfer {
    timing::Access access;
    Time submitted = 0;
    Time accepted = never;  ///< last data beat has passed the port
    Time done = never;      ///< reads: as accepted; writes: last response
    std::uint32_t operation = 0;
    std::int32_t block = -1;  ///< OFM block it belongs to; -1: not known
    UnitId owner = UnitId::command_parser;
    bool wakes = true;           ///< its owner, when it is accepted
    bool awaits_answer = false;  ///< its owner has nothing to do before it is done
};

inline void count(PortTraffic& traffic, Channel channel, const timing::Access& access) {
    const auto index = static_cast<std::size_t>(channel);
    traffic.beats[index] += access.beats;
    traffic.bytes[index] += Bytes{access.bytes};
    traffic.bursts[index] += access.bursts;
}

template <class Each>
void for_each_number(PortTraffic& traffic, const Each& each) {
    for (std::size_t i = 0; i < channel_count; ++i) {
        each(traffic.beats[i]);
        each(traffic.bytes[i]);
        each(traffic.bursts[i]);
    }
}

}  // namespace u65sim::machine
