// Shape rules of convolutions, fully connected layers and pools.
#include "ir/infer_shapes.hpp"
#include "ir/shape_rules.hpp"

namespace u65sim::ir {

std::int64_t window_extent(std::int64_t input, std::int64_t filter, std::int64_t stride,
                           std::int64_t dilation, Padding padding) {
    if (padding == Padding::same) return (input + stride - 1) / stride;
    const std::int64_t reach = (filter - 1) * dilation + 1;
    return input < reach ? 0 : (input - reach) / stride + 1;
}

namespace shapes {
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

}  // namespace

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

Shape pool(const Operands& operands) {
    const auto& window = operands.attributes<WindowAttributes>();
    const Shape& image = operands.shape(0, 4);
    return slide(operands, image, window.filter_h, window.filter_w, image[3]);
}

}  // namespace shapes
}  // namespace u65sim::ir
