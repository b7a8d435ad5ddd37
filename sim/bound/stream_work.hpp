// What the kernels of command streams have to do, for networks of which only streams are left, and
// the weights that they read.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include <u65sim/compile.hpp>

#include "bound/port_time.hpp"

namespace u65sim::bound {

/// Bytes of weights and scales that the kernels of each operator of the graph read, every range
/// once.
std::map<std::int32_t, std::int64_t> weight_bytes_of_operators(const CompiledNetwork& network);

/// Of all kernels of a network's streams together.
struct StreamWork {
    std::int64_t mac = 0, output = 0;  ///< cycles
    std::array<PortLoad, 2> ports;     ///< constants once, each kernel's results once
};
StreamWork work_of_streams(const CompiledNetwork& network, const Target& target);

}  // namespace u65sim::bound
