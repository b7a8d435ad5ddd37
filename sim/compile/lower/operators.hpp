// What the passes ask about graph operators: operands, attributes, constants as integers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <u65sim/graph.hpp>

#include "ir/slice_entries.hpp"
#include "stream/operation.hpp"

namespace u65sim::compiler {

/// The element type in the registers' terms; empty when the NPU has none.
std::optional<stream::DataType> data_type(ElementType type);
/// int8 or uint8.
bool is_8_bit(ElementType type);
/// A constant of axes, extents or amounts, which shape inference has looked at: int32 or int64.
bool is_parameter(const Tensor& tensor);
/// Elements of a constant int8, uint8, int16, int32 or int64 tensor.
std::vector<std::int64_t> integers(const Tensor& tensor);
/// What a PAD adds before and behind each of batch, height, width and depth, in this order.
std::vector<std::int64_t> pad_amounts(const Tensor& amounts);
/// Zero point of a whole tensor, 0 when it has none.
std::int32_t zero_point(const Tensor& tensor);
/// Scale of a whole tensor, 0 when it has none.
float scale(const Tensor& tensor);
/// Same scale and zero point (both whole-tensor).
bool same_quantization(const Tensor& a, const Tensor& b);
/// The window attributes, or defaults when the operator has none.
WindowAttributes window_of(const Operator& op);
/// The fused activation of any operator that can have one.
Activation activation_of(const Operator& op);
/// Axis counted from the front.
std::int32_t normalise_axis(std::int64_t axis, std::size_t rank);

/// What STRIDED_SLICE with constant numbers takes along each axis of its operand; nothing where
/// that is not known, or not within the operand.
std::optional<std::vector<ir::SliceRange>> strided_ranges(const Graph& graph, const Operator& op);
/// Which part of a tensor SLICE, STRIDED_SLICE, SPLIT, SPLIT_V or UNPACK's output `index` is:
/// begin and size per dimension of the input. Empty when the parameters are not constant or the
/// strides not one. `position` is where the output begins that the box before ends with, so that
/// many parts of SPLIT_V are not added up again and again.
struct SliceBox {
    std::vector<std::int32_t> begin, size;
    std::int32_t next = 0;
};
std::optional<SliceBox> slice_box(const Graph& graph, const Operator& op, std::size_t index,
                                  std::int32_t position);

/// The swap of the two outer axes of outer x inner x rest elements.
struct AxisSwap {
    std::int32_t outer = 1, inner = 1, rest = 1;
};
/// A transpose as one or two swaps, one behind the other. Empty when more than three axes move
/// apart, or extents pass 65535.
std::optional<std::vector<AxisSwap>> transpose_steps(const Shape& shape,
                                                     const std::vector<std::int64_t>& permutation);

/// A swap of the outer axes of each of `rows` stretches of elements.
struct BatchedSwap {
    std::int32_t rows = 1;
    AxisSwap swap;
};
/// What two steps of a transpose do together where they keep the first axis; else nothing.
std::optional<BatchedSwap> batched_swap(const std::vector<AxisSwap>& steps);

/// Four axes of which the middle ones are swapped, as in windows of attention: at most 64 rows.
std::optional<BatchedSwap> swap_in_rows(const Shape& shape,
                                        const std::vector<std::int64_t>& permutation);

/// How often RESIZE repeats each element along both axes: 1, 2, 4 or 8; with aligned corners the
/// output is (n - 1) * factor + 1. Empty for other sizes. Shapes of 4 dimensions.
std::optional<std::int32_t> resize_factor(const Shape& input, const Shape& output,
                                          const ResizeAttributes& form);

/// How many neighbouring columns of a CONV_2D's input become depth: so many that a wide stride
/// fits into 1 to 3, or that few channels fill the array better; 1: none. `input` is the map the
/// window moves over and `before` the columns of padding in front of it.
std::int32_t folded_columns(const Operator& op, const Tensor& input, const Tensor& filter,
                            const Tensor& output, std::int32_t before);

/// A stretch of outputs along one axis with the inputs and the padding its windows meet.
struct AxisPiece {
    std::int32_t output = 0, outputs = 0;
    std::int32_t input = 0, inputs = 0;
    std::int32_t before = 0, after = 0;
};
/// One piece for strides the hardware has, or one an output for wider ones. `reach` counts the
/// elements between a window's ends, dilation included.
std::vector<AxisPiece> axis_pieces(std::int32_t input, std::int32_t output, std::int32_t reach,
                                   std::int32_t stride, std::int32_t before, std::int32_t after);

/// The same along the height of `batches` maps below each other, whose rows do not meet; `input`
/// and `output` count all of them.
std::vector<AxisPiece> row_pieces(std::int32_t batches, std::int32_t input, std::int32_t output,
                                  std::int32_t reach, std::int32_t stride, std::int32_t before,
                                  std::int32_t after);
/// How many maps stand below each other in a tensor: its batch.
std::int32_t batches_of(const Tensor& map);

/// Which axes of a map MEAN, SUM or REDUCE_MAX combine.
struct ReducedAxes {
    bool n = false, h = false, w = false, c = false;
};
/// Empty axes when they are not constant or out of range.
ReducedAxes reduced_axes(const Graph& graph, const Operator& op);

/// Leading and trailing padding along one axis: total = max(kernel - stride or remainder, 0).
struct AxisPadding {
    std::int32_t before = 0, after = 0;
};
AxisPadding axis_padding(Padding padding, std::int32_t input, std::int32_t kernel,
                         std::int32_t stride);

}  // namespace u65sim::compiler
