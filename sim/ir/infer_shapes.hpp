// Output shapes of an operator from its operands.
#pragma once

#include <optional>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim::ir {

/// One entry an output. Empty where the shape depends on data that is not constant, and for
/// `other` and `custom` operators. Throws InvalidModel when the operands do not go together.
/// Operand ids must be in range.
std::vector<std::optional<Shape>> infer_shapes(const Graph& graph, const Operator& op);

/// Output extent of a sliding window along one axis; 0 or less when the window does not fit.
/// `dilation` spreads the filter, SAME pads, VALID does not.
std::int64_t window_extent(std::int64_t input, std::int64_t filter, std::int64_t stride,
                           std::int64_t dilation, Padding padding);

/// How many operands and results an operator kind takes, which of the operands may be left out,
/// and how many results it has (-1: any number).
struct Arity {
    int min_inputs = 0;
    int max_inputs = 0;  ///< -1: any number
    int outputs = 1;
    int required_inputs = 0;  ///< operands in front that must not be no_tensor
};
Arity arity(OpType type);

}  // namespace u65sim::ir
