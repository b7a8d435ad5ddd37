#include "ir/infer_shapes.hpp"

#include <algorithm>

#include "ir/op_kinds.hpp"
#include "ir/shape_rules.hpp"

namespace u65sim::ir {
namespace {

void check_bias(const Operands& operands, std::size_t position, std::int32_t channels) {
    if (!operands.has(position)) return;
    if (element_count(operands.shape(position)) != channels) {
        operands.fail("bias is {}, must have {} elements", to_string(operands.shape(position)),
                      channels);
    }
}

// Spatial extents of a window that slides over the image.
Shape slide(const Operands& operands, const Shape& image, std::int32_t filter_h,
            std::int32_t filter_w, std::int32_t channels) {
    const auto& window = operands.attributes<WindowAttributes>();
    if (window.stride_h < 1 || window.stride_w < 1) {
        operands.fail("stride is {}x{}, must be at least 1x1", window.stride_h, window.stride_w);
    }
    if (window.dilation_h < 1 || window.dilation_w < 1) {
        operands.fail("dilation is {}x{}, must be at least 1x1", window.dilation_h,
                      window.dilation_w);
    }
    if (filter_h < 1 || filter_w < 1) {
        operands.fail("filter is {}x{}, must be at least 1x1", filter_h, filter_w);
    }
    const std::int64_t height =
        window_extent(image[1], filter_h, window.stride_h, window.dilation_h, window.padding);
    const std::int64_t width =
        window_extent(image[2], filter_w, window.stride_w, window.dilation_w, window.padding);
    if (height < 1 || width < 1) {
        operands.fail("a filter of {}x{} does not fit into {} without padding", filter_h, filter_w,
                      to_string(image));
    }
    return {image[0], operands.extent(height), operands.extent(width), channels};
}

Shape convolution(const Operands& operands) {
    const Shape& image = operands.shape(0, 4);
    const Shape& weights = operands.shape(1, 4);
    if (weights[3] < 1 || image[3] % weights[3] != 0) {
        operands.fail("{} input channels, must be a multiple of the filter's {}", image[3],
                      weights[3]);
    }
    const std::int32_t groups = image[3] / weights[3];
    if (groups < 1 || weights[0] % groups != 0) {
        operands.fail("{} output channels, must be a multiple of the {} groups", weights[0],
                      groups);
    }
    check_bias(operands, 2, weights[0]);
    return slide(operands, image, weights[1], weights[2], weights[0]);
}

Shape depthwise(const Operands& operands) {
    const Shape& image = operands.shape(0, 4);
    const Shape& weights = operands.shape(1, 4);
    const std::int64_t multiplier = operands.attributes<WindowAttributes>().depth_multiplier;
    if (weights[0] != 1 || multiplier < 1 || weights[3] != image[3] * multiplier) {
        operands.fail("weights are {}, must be 1xHxWx{} for {} channels and multiplier {}",
                      to_string(weights), image[3] * multiplier, image[3], multiplier);
    }
    check_bias(operands, 2, weights[3]);
    return slide(operands, image, weights[1], weights[2], weights[3]);
}

std::optional<Shape> transposed_convolution(const Operands& operands) {
    const Shape& weights = operands.shape(1, 4);
    const Shape& image = operands.shape(2, 4);
    if (weights[3] != image[3]) {
        operands.fail("{} input channels, must be the filter's {}", image[3], weights[3]);
    }
    check_bias(operands, 3, weights[0]);
    const auto wanted = operands.integers(0, 4);
    if (!wanted) return {};
    const Shape output{operands.extent((*wanted)[0]), operands.extent((*wanted)[1]),
                       operands.extent((*wanted)[2]), operands.extent((*wanted)[3])};
    if (output[0] != image[0] || output[3] != weights[0]) {
        operands.fail("output shape is {}, must be {}xHxWx{}", to_string(output), image[0],
                      weights[0]);
    }
    // The forward convolution of the output must give the input's extents back.
    const Shape back = slide(operands, output, weights[1], weights[2], image[3]);
    if (back[1] != image[1] || back[2] != image[2]) {
        operands.fail("output shape {} belongs to an input of {}, not to {}", to_string(output),
                      to_string(back), to_string(image));
    }
    return output;
}

Shape fully_connected(const Operands& operands) {
    const Shape& input = operands.shape(0);
    const Shape& weights = operands.shape(1, 2);
    const std::int64_t elements = element_count(input);
    if (weights[1] < 1 || elements % weights[1] != 0) {
        operands.fail("{} has {} elements, must be a multiple of the {} of a row of weights",
                      to_string(input), elements, weights[1]);
    }
    check_bias(operands, 2, weights[0]);
    if (!operands.attributes<FullyConnectedAttributes>().keep_num_dims) {
        return {operands.extent(elements / weights[1]), weights[0]};
    }
    if (input.empty() || input.back() != weights[1]) {
        operands.fail("input is {}, must end in {}", to_string(input), weights[1]);
    }
    Shape output = input;
    output.back() = weights[0];
    return output;
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

}  // namespace

std::int64_t window_extent(std::int64_t input, std::int64_t filter, std::int64_t stride,
                           std::int64_t dilation, Padding padding) {
    if (padding == Padding::same) return (input + stride - 1) / stride;
    const std::int64_t reach = (filter - 1) * dilation + 1;
    return input < reach ? 0 : (input - reach) / stride + 1;
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

std::vector<std::optional<Shape>> infer_shapes(const Graph& graph, const Operator& op) {
    const Operands operands{graph, op};
    if (is_pointwise(op.type)) return {operands.shape(0)};
    if (is_comparison(op.type)) {
        return {broadcast(operands, operands.shape(0), operands.shape(1))};
    }
    switch (op.type) {
        case OpType::conv_2d:
            return {convolution(operands)};
        case OpType::depthwise_conv_2d:
            return {depthwise(operands)};
        case OpType::transpose_conv:
            return {transposed_convolution(operands)};
        case OpType::fully_connected:
            return {fully_connected(operands)};
        case OpType::average_pool_2d:
        case OpType::max_pool_2d:
        case OpType::l2_pool_2d: {
            const auto& window = operands.attributes<WindowAttributes>();
            const Shape& image = operands.shape(0, 4);
            return {slide(operands, image, window.filter_h, window.filter_w, image[3])};
        }
        case OpType::mean:
        case OpType::sum:
        case OpType::reduce_max:
        case OpType::reduce_min:
        case OpType::reduce_prod:
        case OpType::reduce_any:
        case OpType::reduce_all:
            return {reduction(operands)};
        case OpType::arg_max:
        case OpType::arg_min:
            return {arg_max(operands)};
        case OpType::add:
        case OpType::sub:
        case OpType::mul:
        case OpType::div:
        case OpType::minimum:
        case OpType::maximum:
        case OpType::squared_difference:
        case OpType::prelu:
        case OpType::logical_and:
        case OpType::logical_or:
        case OpType::floor_div:
        case OpType::floor_mod:
        case OpType::pow:
            return {broadcast(operands, operands.shape(0), operands.shape(1))};
        case OpType::softmax:
        case OpType::log_softmax:
        case OpType::cumsum:
        case OpType::add_n:
        case OpType::dynamic_update_slice:
        case OpType::l2_normalization:
        case OpType::local_response_normalization:
        case OpType::reverse_sequence:
            if (operands.shape(0).empty()) operands.fail("a scalar: must be of rank 1 at least");
            return {operands.shape(0)};
        case OpType::reverse_v2:
            return {operands.shape(0)};
        case OpType::select:
            return {operands.shape(1)};
        case OpType::select_v2:
            return {broadcast(operands, operands.shape(0),
                              broadcast(operands, operands.shape(1), operands.shape(2)))};
        case OpType::batch_matmul:
            return {matrix_product(operands)};
        case OpType::unidirectional_sequence_lstm:
            return {lstm(operands)};
        case OpType::shape:
            return {Shape{operands.extent(static_cast<std::int64_t>(operands.shape(0).size()))}};
        default:
            break;
    }
    if (auto moved = infer_moved_shapes(operands)) return *std::move(moved);
    if (auto indexed = infer_indexed_shapes(operands)) return *std::move(indexed);
    return MaybeShapes(op.outputs.size());
}

Arity arity(OpType type) {
    if (is_comparison(type)) return {2, 2, 1, 2};
    switch (type) {
        case OpType::conv_2d:
        case OpType::depthwise_conv_2d:
        case OpType::fully_connected:
            return {2, 3, 1, 2};
        case OpType::transpose_conv:
            return {3, 4, 1, 3};
        case OpType::mean:
        case OpType::sum:
        case OpType::reduce_max:
        case OpType::reduce_min:
        case OpType::reduce_prod:
        case OpType::reduce_any:
        case OpType::reduce_all:
        case OpType::cumsum:
        case OpType::floor_div:
        case OpType::floor_mod:
        case OpType::pow:
        case OpType::gather_nd:
        case OpType::embedding_lookup:
        case OpType::reverse_sequence:
        case OpType::fill:
        case OpType::broadcast_args:
        case OpType::arg_max:
        case OpType::arg_min:
        case OpType::logical_and:
        case OpType::logical_or:
        case OpType::tile:
        case OpType::reverse_v2:
        case OpType::broadcast_to:
        case OpType::add:
        case OpType::sub:
        case OpType::mul:
        case OpType::div:
        case OpType::minimum:
        case OpType::maximum:
        case OpType::squared_difference:
        case OpType::prelu:
        case OpType::expand_dims:
        case OpType::transpose:
        case OpType::mirror_pad:
        case OpType::resize_bilinear:
        case OpType::resize_nearest_neighbor:
        case OpType::gather:
        case OpType::batch_matmul:
            return {2, 2, 1, 2};
        case OpType::pad:
            return {2, 3, 1, 2};
        case OpType::concatenation:
        case OpType::add_n:
        case OpType::pack:
            return {1, -1, 1, 1};
        case OpType::split:
            return {2, 2, -1, 2};
        case OpType::split_v:
            return {3, 3, -1, 3};
        case OpType::unpack:
            return {1, 1, -1, 1};
        case OpType::scatter_nd:
        case OpType::dynamic_update_slice:
        case OpType::range:
        case OpType::select:
        case OpType::select_v2:
        case OpType::slice:
        case OpType::space_to_batch_nd:
        case OpType::batch_to_space_nd:
            return {3, 3, 1, 3};
        case OpType::one_hot:
        case OpType::strided_slice:
            return {4, 4, 1, 4};
        case OpType::topk_v2:
            return {2, 2, 2, 2};
        case OpType::non_max_suppression_v4:
            return {5, 5, 2, 5};
        case OpType::non_max_suppression_v5:
            return {6, 6, 3, 6};
        case OpType::svdf:
            return {5, 5, 1, 3};
        case OpType::reshape:
            return {1, 2, 1, 1};
        case OpType::unidirectional_sequence_lstm:
            return {20, 24, 1, 1};
        case OpType::call_once:
            return {0, 0, 0, 0};
        case OpType::if_else:
            return {1, -1, -1, 1};
        case OpType::while_loop:
            return {0, -1, -1, 0};
        case OpType::var_handle:
            return {0, 0, 1, 0};
        case OpType::assign_variable:
            return {2, 2, 0, 2};
        case OpType::custom:
        case OpType::other:
            return {0, -1, -1, 0};
        default:
            return {1, 1, 1, 1};
    }
}

}  // namespace u65sim::ir
