// Constant operands as numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim::ir {

/// Elements of an int32 or int64 constant; nothing for every other tensor, for no_tensor, and when
/// the data has the wrong size.
std::optional<std::vector<std::int64_t>> constant_integers(const Graph& graph, TensorId tensor);

/// Bytes of `values` as an int32 constant.
ConstantData int32_data(const std::vector<std::int32_t>& values);

/// Position of the operand that holds an operator's axis (split, split_v, arg_max, arg_min); -1
/// when the attributes hold it.
int axis_operand(OpType type);

}  // namespace u65sim::ir
