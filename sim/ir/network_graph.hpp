// The network as a Boost graph: operators and tensors are vertices, operands are edges.
#pragma once

#include <cstddef>

#include <boost/graph/adjacency_list.hpp>

#include <u65sim/graph.hpp>

#include "ir/analysis.hpp"

namespace u65sim::ir {

/// Bipartite and directed: tensor -> operator that reads it, operator -> tensor it makes.
using BoostNetwork = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS>;

/// Operators come first in the vertex numbering, tensors behind them.
class NetworkGraph {
public:
    /// Throws InvalidModel for operands out of range.
    explicit NetworkGraph(const Graph& graph);

    [[nodiscard]] const BoostNetwork& boost() const { return network_; }
    [[nodiscard]] std::size_t vertex_of_operator(std::size_t op) const { return op; }
    [[nodiscard]] std::size_t vertex_of_tensor(std::size_t tensor) const {
        return operator_count_ + tensor;
    }
    [[nodiscard]] bool is_operator(std::size_t vertex) const { return vertex < operator_count_; }
    [[nodiscard]] std::size_t tensor_of(std::size_t vertex) const {
        return vertex - operator_count_;
    }

private:
    std::size_t operator_count_;
    BoostNetwork network_;
};

}  // namespace u65sim::ir
