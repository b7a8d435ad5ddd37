// Weights of operators as the transforms take them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim::transform {

/// The constant weights of a convolution (plain, depthwise or transposed) or fully connected layer;
/// nothing for every other operator.
std::optional<TensorId> weights_of(const Graph& graph, const Operator& op);

/// Position of the input feature map among such an operator's operands, and of its bias.
std::size_t map_operand(const Operator& op);
std::size_t bias_operand(const Operator& op);

/// The axis of an operator's weights that its output channels lie along.
std::size_t output_axis(const Operator& op);

/// The values of a weight tensor, its zero point taken off: int8 and uint8 alike.
std::vector<std::int16_t> centred(const Tensor& weights);
/// The same tensor with other values, its zero point put back.
void set_centred(Tensor& weights, const std::vector<std::int16_t>& values);

/// A tensor's slices along an axis, chosen by `picks` (old position of every new one); data, extent
/// and a quantisation along that axis follow.
void pick_slices(Tensor& tensor, std::size_t axis, const std::vector<std::int32_t>& picks);

}  // namespace u65sim::transform
