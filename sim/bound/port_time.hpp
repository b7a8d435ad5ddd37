// The least time in which a port carries so many bytes.
#pragma once

#include <cstdint>

#include "timing/axi.hpp"

namespace u65sim::bound {

/// Bytes that a port must carry; how they are cut into bursts is free.
struct PortLoad {
    std::int64_t map_reads = 0, weight_reads = 0, writes = 0;
    [[nodiscard]] std::int64_t total() const { return map_reads + weight_reads + writes; }
    PortLoad& operator+=(const PortLoad& other) {
        map_reads += other.map_reads;
        weight_reads += other.weight_reads;
        writes += other.writes;
        return *this;
    }
};

/// No order of transfers is faster: one beat a cycle and direction, the longest bursts in all
/// slots, the bandwidth cap with one period granted in advance for each of `runs`.
std::int64_t port_cycles(const PortLoad& load, const timing::PortRules& rules, std::int64_t runs);

/// The same for bytes that may take either of two ports, each its part.
std::int64_t both_ports_cycles(std::int64_t bytes, const timing::PortRules& one,
                               const timing::PortRules& other, std::int64_t runs);

}  // namespace u65sim::bound
