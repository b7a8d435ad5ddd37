// Multiply-accumulates and parameters of a network.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/graph.hpp>

#include "ir/builtins.hpp"
#include "ir/operator_info.hpp"

namespace u65sim {
namespace {

const Tensor& operand(const Graph& graph, const Operator& op, const std::vector<TensorId>& ids,
                      std::size_t position) {
    const TensorId id = position < ids.size() ? ids[position] : no_tensor;
    if (id < 0 || static_cast<std::size_t>(id) >= graph.tensors.size()) {
        throw InvalidModel(fmt::format("operator '{}' ({}): operand {} is missing", op.name,
                                       ir::kind_name(op), position));
    }
    return graph.tensors[static_cast<std::size_t>(id)];
}

const Tensor& ranked(const Operator& op, const Tensor& tensor, std::size_t rank) {
    if (tensor.shape.size() != rank) {
        throw InvalidModel(fmt::format("operator '{}' ({}): tensor '{}' is {}, must be of rank {}",
                                       op.name, ir::kind_name(op), tensor.name,
                                       to_string(tensor.shape), rank));
    }
    return tensor;
}

std::int64_t product(std::int64_t first, std::int64_t second, std::int64_t third = 1) {
    return detail::checked_mul(detail::checked_mul(first, second), third);
}

// Positions of the operands that hold weights and biases.
std::vector<std::size_t> parameter_operands(const Operator& op) {
    const ir::OperatorInfo& row = ir::info(op.type);
    std::vector<std::size_t> positions;
    if (row.operands.weights < 0) return positions;
    const auto weights = static_cast<std::size_t>(row.operands.weights);
    positions.push_back(weights);
    if (row.operands.bias >= 0) positions.push_back(static_cast<std::size_t>(row.operands.bias));
    if (row.family == ir::Family::recurrent) {
        for (std::size_t next = weights + 1; next < op.inputs.size(); ++next) {
            positions.push_back(next);
        }
    }
    return positions;
}

}  // namespace

Macs count_macs(const Graph& graph, const Operator& op) {
    const ir::OperatorInfo& row = ir::info(op.type);
    const auto input = [&](std::size_t position) -> const Tensor& {
        return operand(graph, op, op.inputs, position);
    };
    const auto map = [&]() -> const Tensor& {
        return input(static_cast<std::size_t>(row.operands.map));
    };
    const auto output_elements = [&] {
        return element_count(operand(graph, op, op.outputs, 0).shape);
    };
    const auto filter = [&](std::size_t rank) -> const Shape& {
        return ranked(op, input(static_cast<std::size_t>(row.operands.weights)), rank).shape;
    };
    switch (row.macs) {
        case ir::MacRule::none:
            break;
        case ir::MacRule::filter_and_depth: {
            const Shape& weights = filter(4);
            return Macs{product(output_elements(), product(weights[1], weights[2], weights[3]))};
        }
        case ir::MacRule::filter: {
            const Shape& weights = filter(4);
            return Macs{product(output_elements(), weights[1], weights[2])};
        }
        case ir::MacRule::spread_filter: {
            const Shape& weights = filter(4);
            return Macs{
                product(element_count(map().shape), product(weights[0], weights[1], weights[2]))};
        }
        case ir::MacRule::row: {
            const Shape& weights = filter(2);
            return Macs{product(output_elements(), weights[1])};
        }
        case ir::MacRule::window: {
            const auto* window = std::get_if<WindowAttributes>(&op.attributes);
            if (window == nullptr) {
                throw InvalidModel(fmt::format("operator '{}' ({}): the window is missing", op.name,
                                               ir::kind_name(op)));
            }
            return Macs{product(output_elements(), window->filter_h, window->filter_w)};
        }
        case ir::MacRule::elements:
            return Macs{element_count(map().shape)};
    }
    return Macs{0};
}

Macs count_macs(const Graph& graph) {
    Macs total{0};
    for (const Operator& op : graph.operators) total += count_macs(graph, op);
    return total;
}

std::int64_t count_parameters(const Graph& graph) {
    std::vector<bool> counted(graph.tensors.size());
    std::int64_t total = 0;
    for (const Operator& op : graph.operators) {
        for (const std::size_t position : parameter_operands(op)) {
            if (position >= op.inputs.size() || op.inputs[position] == no_tensor) continue;
            const Tensor& tensor = operand(graph, op, op.inputs, position);
            const auto id = static_cast<std::size_t>(op.inputs[position]);
            if (!tensor.data || counted[id]) continue;
            counted[id] = true;
            total = detail::checked_add(total, element_count(tensor.shape));
        }
    }
    return total;
}

}  // namespace u65sim
