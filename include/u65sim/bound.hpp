// What no command stream can go below: a lower bound on a network's cycles on a target.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/target.hpp>
#include <u65sim/units.hpp>

namespace u65sim {

/// What sets a lower bound.
enum class Limit : std::uint8_t {
    none,      ///< there is no bound
    mac,       ///< products at the MAC array's best rate, or weights at their decoder's
    output,    ///< elements through the output unit's lanes
    ifm,       ///< input into the IFM buffer, or over its port
    ofm,       ///< output over its port (operators only)
    weights,   ///< encoded weights and scales over their port (operators only)
    sram,      ///< all that port 0 must carry (networks only)
    off_chip,  ///< all that port 1 must carry (networks only)
    ports,     ///< all that both ports must carry together (networks only)
    latency    ///< the longest chain of dependent operators
};
std::string_view to_string(Limit limit);

/// The least an operator of the network takes by itself, all its operands at hand.
struct OperatorBound {
    std::int32_t graph_operator = -1;  ///< of CompiledNetwork::graph
    Cycles cycles{0};
    Limit limit = Limit::none;
    bool operator==(const OperatorBound&) const = default;
};

/// Zero cycles and Limit::none where there is none: on hypothetical hardware.
struct LowerBound {
    Cycles cycles{0};
    Limit limit = Limit::none;
    std::vector<OperatorBound> operators;  ///< those that cost something, in the graph's order
    bool operator==(const LowerBound&) const = default;
};

/// The bound of all that `network` runs on the NPU. It depends on the graph, on the target, on
/// which operators the CPU has, where the network's inputs and outputs lie and how small its
/// weights are encoded, and on nothing else of the compile. Without a graph (foreign streams) it is
/// that of the kernels of the streams. docs/bound.md says what it counts.
LowerBound lower_bound(const CompiledNetwork& network, const Target& target);

}  // namespace u65sim
