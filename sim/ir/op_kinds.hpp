// Families of operator kinds that several layers treat alike.
#pragma once

#include <optional>

#include <u65sim/graph.hpp>

namespace u65sim::ir {

/// The clamp that RELU, RELU6, RELU_N1_TO_1 or RELU_0_TO_1 is; empty for other operators.
std::optional<Activation> clamp_of(OpType type);

/// A curve over one element, which a table of 256 entries samples on 8 bits.
bool is_curve(OpType type);

/// Each element of the result comes from the element in its place alone: clamps, curves, ABS, NEG,
/// rounding, QUANTIZE, DEQUANTIZE and CAST.
bool is_pointwise(OpType type);

/// LESS, EQUAL and so on: two operands that broadcast, a boolean result.
bool is_comparison(OpType type);

}  // namespace u65sim::ir
