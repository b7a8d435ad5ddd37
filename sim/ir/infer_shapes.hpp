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

}  // namespace u65sim::ir
