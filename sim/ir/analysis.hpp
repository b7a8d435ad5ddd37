// Who makes and who reads each tensor, and in which order operators can run.
#pragma once

#include <cstdint>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim::ir {

/// Position in Graph::operators.
using OperatorIndex = std::int32_t;
inline constexpr OperatorIndex no_operator = -1;

/// Producer and consumers of every tensor, as tables. A snapshot: build it anew after a change.
class Connections {
public:
    /// Throws InvalidModel for operands out of range and for tensors with two producers, unless
    /// both are command streams, which may each write a part; the last one is the producer then.
    explicit Connections(const Graph& graph);
    /// no_operator for network inputs, constants and variables.
    [[nodiscard]] OperatorIndex producer_of(TensorId tensor) const {
        return producers_.at(static_cast<std::size_t>(tensor));
    }
    /// Ascending; an operator that reads the tensor twice stands once.
    [[nodiscard]] const std::vector<OperatorIndex>& consumers_of(TensorId tensor) const {
        return consumers_.at(static_cast<std::size_t>(tensor));
    }

private:
    std::vector<OperatorIndex> producers_;
    std::vector<std::vector<OperatorIndex>> consumers_;
};

/// An order in which every operator comes after the producers of its operands; the graph's own
/// order when that already holds. Throws InvalidModel naming an operator on a cycle.
std::vector<OperatorIndex> topological_order(const Graph& graph);

/// Operators that need, directly or not, what `from` makes (itself included): one flag an operator.
std::vector<bool> downstream_of(const Graph& graph, OperatorIndex from);
/// Operators that a network output needs, directly or not: one flag an operator.
std::vector<bool> needed_by_outputs(const Graph& graph);

}  // namespace u65sim::ir
