// Shapes by the rule in the operator's row; rules of operators that combine elements.
#include "ir/infer_shapes.hpp"

#include <algorithm>

#include "ir/operator_info.hpp"
#include "ir/shape_rules.hpp"

namespace u65sim::ir {

std::vector<std::optional<Shape>> infer_shapes(const Graph& graph, const Operator& op) {
    return info(op.type).shapes(Operands{graph, op});
}

Shape broadcast(const Operands& operands, const Shape& first, const Shape& second) {
    const std::size_t rank = std::max(first.size(), second.size());
    Shape output(rank);
    for (std::size_t from_back = 1; from_back <= rank; ++from_back) {
        const std::int32_t a = from_back > first.size() ? 1 : first[first.size() - from_back];
        const std::int32_t b = from_back > second.size() ? 1 : second[second.size() - from_back];
        if (a != b && a != 1 && b != 1) {
            operands.fail("{} and {} cannot be broadcast to each other", to_string(first),
                          to_string(second));
        }
        output[rank - from_back] = a == 1 ? b : a;
    }
    return output;
}

namespace shapes {

MaybeShapes unknown(const Operands& operands) { return MaybeShapes(operands.op().outputs.size()); }

Shape like_operand(const Operands& operands) { return operands.shape(0); }

Shape like_ranked_operand(const Operands& operands) {
    if (operands.shape(0).empty()) operands.fail("a scalar: must be of rank 1 at least");
    return operands.shape(0);
}

Shape broadcast_pair(const Operands& operands) {
    return broadcast(operands, operands.shape(0), operands.shape(1));
}

Shape select(const Operands& operands) { return operands.shape(1); }

Shape select_v2(const Operands& operands) {
    return broadcast(operands, operands.shape(0),
                     broadcast(operands, operands.shape(1), operands.shape(2)));
}

Shape extents(const Operands& operands) {
    return {operands.extent(static_cast<std::int64_t>(operands.shape(0).size()))};
}

std::optional<Shape> reduction(const Operands& operands) {
    const Shape& input = operands.shape(0);
    const auto axes = operands.integers(1);
    if (!axes) return {};
    std::vector<bool> is_reduced(input.size());
    for (const std::int64_t value : *axes) is_reduced[operands.axis(value, input.size())] = true;
    Shape output;
    for (std::size_t axis = 0; axis < input.size(); ++axis) {
        if (!is_reduced[axis]) {
            output.push_back(input[axis]);
        } else if (operands.attributes<ReduceAttributes>().keep_dims) {
            output.push_back(1);
        }
    }
    return output;
}

std::optional<Shape> arg_max(const Operands& operands) {
    Shape output = operands.shape(0);
    const auto axis = operands.integers(1, 1);
    if (!axis) return {};
    output.erase(output.begin() +
                 static_cast<std::ptrdiff_t>(operands.axis(axis->front(), output.size())));
    return output;
}

Shape matrix_product(const Operands& operands) {
    Shape first = operands.shape(0);
    Shape second = operands.shape(1);
    if (first.size() < 2 || second.size() < 2) {
        operands.fail("operands are {} and {}, must be of rank 2 or more", to_string(first),
                      to_string(second));
    }
    const auto& attributes = operands.attributes<BatchMatmulAttributes>();
    if (attributes.adjoint_x) std::swap(first.back(), first[first.size() - 2]);
    if (attributes.adjoint_y) std::swap(second.back(), second[second.size() - 2]);
    if (first.back() != second[second.size() - 2]) {
        operands.fail("{} columns meet {} rows, must be as many", first.back(),
                      second[second.size() - 2]);
    }
    const std::int32_t rows = first[first.size() - 2];
    const std::int32_t columns = second.back();
    first.resize(first.size() - 2);
    second.resize(second.size() - 2);
    Shape output = broadcast(operands, first, second);
    output.push_back(rows);
    output.push_back(columns);
    return output;
}

Shape lstm(const Operands& operands) {
    constexpr std::size_t recurrent_to_output = 8;
    Shape output = operands.shape(0, 3);
    output.back() = operands.shape(recurrent_to_output, 2)[1];
    return output;
}

}  // namespace shapes
}  // namespace u65sim::ir
