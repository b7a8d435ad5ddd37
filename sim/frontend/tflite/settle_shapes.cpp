#include "frontend/tflite/settle_shapes.hpp"

#include <cstddef>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "ir/infer_shapes.hpp"

namespace u65sim::frontend {
namespace {

// Nothing where the operands do not go together: verify() says so.
std::vector<std::optional<Shape>> shapes_of(const Graph& graph, const Operator& op) {
    try {
        return ir::infer_shapes(graph, op);
    } catch (const InvalidModel&) {
        return {};
    } catch (const QuantityOverflow&) {
        return {};
    }
}

}  // namespace

void settle_shapes(Graph& graph) {
    std::size_t changed = 0;
    std::string first;
    for (const Operator& op : graph.operators) {
        const auto shapes = shapes_of(graph, op);
        for (std::size_t i = 0; i < op.outputs.size() && i < shapes.size(); ++i) {
            Tensor& output = graph.tensors[static_cast<std::size_t>(op.outputs[i])];
            if (!shapes[i] || *shapes[i] == output.shape || output.data) continue;
            if (changed++ == 0) {
                first = fmt::format("'{}' is {}, not {}", output.name, to_string(*shapes[i]),
                                    to_string(output.shape));
            }
            output.shape = *shapes[i];
        }
    }
    if (changed == 0) return;
    graph.notes.push_back(
        fmt::format("shapes of {} tensor{} follow from the operators, not from "
                    "the file: {}{}",
                    changed, changed == 1 ? "" : "s", first, changed == 1 ? "" : " ..."));
}

}  // namespace u65sim::frontend
