#include "ir/analysis.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <boost/graph/depth_first_search.hpp>
#include <boost/graph/reverse_graph.hpp>
#include <boost/graph/topological_sort.hpp>

#include <u65sim/error.hpp>

#include "ir/network_graph.hpp"
#include "ir/npu_operator.hpp"

namespace u65sim::ir {
namespace {

std::size_t checked_tensor(const Graph& graph, const Operator& op, TensorId id) {
    if (id < 0 || static_cast<std::size_t>(id) >= graph.tensors.size()) {
        throw InvalidModel(fmt::format("operator '{}': operand is tensor {}, must be below {}",
                                       op.name, id, graph.tensors.size()));
    }
    return static_cast<std::size_t>(id);
}

template <class BoostGraph>
std::vector<bool> reached(const BoostGraph& graph, const std::vector<std::size_t>& from,
                          std::size_t operators) {
    std::vector<boost::default_color_type> colors(boost::num_vertices(graph));
    auto color_map =
        boost::make_iterator_property_map(colors.begin(), boost::get(boost::vertex_index, graph));
    for (const std::size_t start : from) {
        if (colors[start] != boost::white_color) continue;
        boost::depth_first_visit(graph, start, boost::dfs_visitor<>{}, color_map);
    }
    std::vector<bool> flags(operators);
    for (std::size_t op = 0; op < operators; ++op) flags[op] = colors[op] != boost::white_color;
    return flags;
}

}  // namespace

Connections::Connections(const Graph& graph)
    : producers_(graph.tensors.size(), no_operator), consumers_(graph.tensors.size()) {
    for (std::size_t index = 0; index < graph.operators.size(); ++index) {
        const Operator& op = graph.operators[index];
        const auto position = static_cast<OperatorIndex>(index);
        for (const TensorId id : op.inputs) {
            if (id == no_tensor) continue;
            auto& readers = consumers_[checked_tensor(graph, op, id)];
            if (readers.empty() || readers.back() != position) readers.push_back(position);
        }
        for (const TensorId id : op.outputs) {
            if (id == no_tensor) continue;
            OperatorIndex& producer = producers_[checked_tensor(graph, op, id)];
            // Command streams may each write a part of one tensor, which is made by the last.
            const auto is_streamed = [&](OperatorIndex by) {
                return is_npu_operator(graph.operators[static_cast<std::size_t>(by)]);
            };
            if (producer != no_operator && !(is_streamed(producer) && is_streamed(position))) {
                throw InvalidModel(fmt::format(
                    "tensor '{}' is made by '{}' and again by '{}': must have one producer",
                    graph.tensors[static_cast<std::size_t>(id)].name,
                    graph.operators[static_cast<std::size_t>(producer)].name, op.name));
            }
            producer = position;
        }
    }
}

NetworkGraph::NetworkGraph(const Graph& graph)
    : operator_count_(graph.operators.size()), network_(operator_count_ + graph.tensors.size()) {
    for (std::size_t index = 0; index < graph.operators.size(); ++index) {
        const Operator& op = graph.operators[index];
        for (const TensorId id : op.inputs) {
            if (id == no_tensor) continue;
            boost::add_edge(vertex_of_tensor(checked_tensor(graph, op, id)),
                            vertex_of_operator(index), network_);
        }
        for (const TensorId id : op.outputs) {
            if (id == no_tensor) continue;
            boost::add_edge(vertex_of_operator(index),
                            vertex_of_tensor(checked_tensor(graph, op, id)), network_);
        }
    }
}

std::vector<OperatorIndex> topological_order(const Graph& graph) {
    const NetworkGraph network{graph};
    std::vector<std::size_t> vertices;
    vertices.reserve(boost::num_vertices(network.boost()));
    try {
        // On the reversed graph a vertex finishes after everything it needs, so the finishing
        // order is an execution order, and one that is already sorted stays as it is.
        const auto reversed = boost::make_reverse_graph(network.boost());
        boost::topological_sort(reversed, std::back_inserter(vertices));
    } catch (const boost::not_a_dag&) {
        for (std::size_t index = 0; index < graph.operators.size(); ++index) {
            const auto [begin, end] =
                boost::adjacent_vertices(network.vertex_of_operator(index), network.boost());
            const std::vector<std::size_t> made(begin, end);
            if (reached(network.boost(), made, graph.operators.size())[index]) {
                throw InvalidModel(fmt::format(
                    "operator '{}' needs its own result: the network must have no cycle",
                    graph.operators[index].name));
            }
        }
        throw InvalidModel("the network has a cycle");
    }
    std::vector<OperatorIndex> order;
    order.reserve(graph.operators.size());
    for (const std::size_t vertex : vertices) {
        if (network.is_operator(vertex)) order.push_back(static_cast<OperatorIndex>(vertex));
    }
    return order;
}

std::vector<bool> downstream_of(const Graph& graph, OperatorIndex from) {
    if (from < 0 || static_cast<std::size_t>(from) >= graph.operators.size()) {
        throw InvalidModel(fmt::format("operator {} is asked for, must be below {}", from,
                                       graph.operators.size()));
    }
    const NetworkGraph network{graph};
    return reached(network.boost(), {network.vertex_of_operator(static_cast<std::size_t>(from))},
                   graph.operators.size());
}

std::vector<bool> needed_by_outputs(const Graph& graph) {
    const NetworkGraph network{graph};
    std::vector<std::size_t> outputs;
    for (const TensorId id : graph.outputs) {
        if (id < 0 || static_cast<std::size_t>(id) >= graph.tensors.size()) {
            throw InvalidModel(fmt::format("network output is tensor {}, must be below {}", id,
                                           graph.tensors.size()));
        }
        outputs.push_back(network.vertex_of_tensor(static_cast<std::size_t>(id)));
    }
    return reached(boost::make_reverse_graph(network.boost()), outputs, graph.operators.size());
}

}  // namespace u65sim::ir
