// GraphViz description of a network.
#include <sstream>

#include <fmt/format.h>
#include <boost/graph/graphviz.hpp>

#include "ir/builtins.hpp"
#include "ir/network_graph.hpp"

namespace u65sim {
namespace {

// A vertex is an operator or an end of the network; an edge is one use of a tensor. Bidirectional,
// so that Boost keeps one list of all edges.
struct Box {
    std::string label;
    bool is_terminal = false;
};
using Drawing =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Box, std::string>;

Drawing draw(const Graph& network) {
    Drawing drawing;
    const ir::Connections connections{network};
    for (const Operator& op : network.operators) {
        boost::add_vertex({fmt::format("{}\n{}", ir::kind_name(op), op.name), false}, drawing);
    }
    const auto edge_label = [&](TensorId id) {
        const Tensor& tensor = network.tensors[static_cast<std::size_t>(id)];
        return fmt::format("{} {}", to_string(tensor.shape), to_string(tensor.type));
    };
    const auto terminal = [&](std::string_view prefix, TensorId id) {
        return boost::add_vertex(
            {fmt::format("{} {}", prefix, network.tensors.at(static_cast<std::size_t>(id)).name),
             true},
            drawing);
    };
    for (const TensorId id : network.inputs) {
        const std::size_t box = terminal("input", id);
        for (const ir::OperatorIndex reader : connections.consumers_of(id)) {
            boost::add_edge(box, static_cast<std::size_t>(reader), edge_label(id), drawing);
        }
    }
    for (std::size_t index = 0; index < network.operators.size(); ++index) {
        for (const TensorId id : network.operators[index].outputs) {
            if (id == no_tensor) continue;
            for (const ir::OperatorIndex reader : connections.consumers_of(id)) {
                boost::add_edge(index, static_cast<std::size_t>(reader), edge_label(id), drawing);
            }
        }
    }
    for (const TensorId id : network.outputs) {
        const std::size_t box = terminal("output", id);
        const ir::OperatorIndex producer = connections.producer_of(id);
        if (producer != ir::no_operator) {
            boost::add_edge(static_cast<std::size_t>(producer), box, edge_label(id), drawing);
        }
    }
    return drawing;
}

}  // namespace

std::string to_dot(const Graph& graph) {
    const Drawing drawing = draw(graph);
    std::ostringstream out;
    boost::write_graphviz(
        out, drawing,
        [&](std::ostream& stream, std::size_t vertex) {
            const Box& box = drawing[vertex];
            stream << "[label=" << boost::escape_dot_string(box.label)
                   << (box.is_terminal ? ", shape=ellipse]" : ", shape=box]");
        },
        [&](std::ostream& stream, const auto& edge) {
            stream << "[label=" << boost::escape_dot_string(drawing[edge]) << "]";
        });
    return out.str();
}

}  // namespace u65sim
