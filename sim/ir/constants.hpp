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

}  // namespace u65sim::ir
