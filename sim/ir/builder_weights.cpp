// Layers with weights: convolutions and fully connected.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "ir/builder_state.hpp"
#include "ir/weight_model.hpp"

namespace u65sim {
namespace {

// Every drawn layer brings its output back to about this deviation, as batch normalisation does.
constexpr double target_deviation = 1.0;
constexpr double bias_deviation = 0.2;

// Where a layer's weights go: extents as the operator wants them, output channels along `axis`.
struct WeightLayout {
    Shape shape;
    int axis = 0;
    std::size_t channels = 0;
    std::size_t fan_in = 0;
};

std::vector<std::uint8_t> little_endian(const std::vector<std::int64_t>& values, int width) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(values.size() * static_cast<std::size_t>(width));
    for (const std::int64_t value : values) {
        for (int byte = 0; byte < width; ++byte) {
            bytes.push_back(
                static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * byte)));
        }
    }
    return bytes;
}

class WeightMaker {
public:
    WeightMaker(const BuilderOptions& options, const Tensor& input, const ir::Spread& spread,
                const WeightLayout& layout, const std::string& name)
        : options_(options), input_(input), spread_(spread), layout_(layout), name_(name) {}

    // Weights and bias tensors; the expected spread of the sums goes to `result`.
    void draw(Tensor& weights, Tensor& bias, ir::Spread& result) {
        ir::Random random{options_.weights.seed, name_};
        const bool is_unsigned = input_.type == ElementType::uint8;
        const ZooWeights& settings = options_.weights;
        const ir::DrawnWeights drawn = ir::draw_weights(
            {WeightModel::Distribution::gaussian, settings.sparsity, settings.clusters}, random,
            layout_.channels, layout_.fan_in, !is_unsigned);
        const double input_deviation = std::sqrt(std::max(spread_.variance, 1e-12));
        std::vector<double> scales(layout_.channels);
        std::vector<double> offsets(layout_.channels);
        std::int64_t all_squares = 0;
        for (const std::int64_t squares : drawn.square_sums) all_squares += squares;
        const double mean_squares =
            static_cast<double>(all_squares) / static_cast<double>(layout_.channels);
        for (std::size_t channel = 0; channel < layout_.channels; ++channel) {
            // Channels differ in how strongly they speak.
            const double strength = is_unsigned ? 1.0 : 0.75 + 0.5 * random.uniform();
            const double squares =
                is_unsigned ? mean_squares : static_cast<double>(drawn.square_sums[channel]);
            scales[channel] =
                static_cast<float>(target_deviation * strength /
                                   (std::sqrt(std::max(squares, 1.0)) * input_deviation));
            // The bias takes the mean out, so that deep networks stay sensitive to their input.
            const double noise = static_cast<double>(random.gaussian()) / 65536.0;
            offsets[channel] =
                bias_deviation * noise -
                spread_.mean * scales[channel] * static_cast<double>(drawn.sums[channel]);
        }
        set_type(weights, scales);
        weights.data = ConstantData{ir::arrange(drawn.values, layout_.channels, layout_.fan_in,
                                                layout_.axis != 0, is_unsigned ? 128 : 0)};
        set_bias(bias, scales, offsets);
        result = normalised();
    }

    // A model of the weights that draw() would draw; no value is touched.
    void model(Tensor& weights, Tensor& bias, ir::Spread& result) {
        const ZooWeights& settings = options_.weights;
        WeightModel described;
        described.density = 1.0 - settings.sparsity;
        described.clusters = settings.clusters;
        described.seed = settings.seed;
        const double squares =
            ir::expected_square(described, layout_.fan_in) * static_cast<double>(layout_.fan_in);
        const double scale = static_cast<float>(
            target_deviation / std::sqrt(squares * std::max(spread_.variance, 1e-12)));
        const std::vector<double> scales(layout_.channels, scale);
        set_type(weights, scales);
        weights.data = ConstantData{described, element_count(layout_.shape)};
        set_bias(bias, scales, std::vector<double>(layout_.channels));
        result = normalised();
    }

    void take(const GivenWeights& given, Tensor& weights, Tensor& bias, ir::Spread& result) {
        const std::size_t expected = layout_.channels * layout_.fan_in;
        if (given.values.size() != expected) {
            throw InvalidModel(fmt::format("layer '{}': {} weights given, must be {}", name_,
                                           given.values.size(), expected));
        }
        const std::size_t count = given.quantization.scales.size();
        if ((count != 1 && count != layout_.channels) ||
            given.quantization.zero_points.size() != count) {
            throw InvalidModel(fmt::format(
                "layer '{}': {} weight scales and {} zero points given, must be 1 or {} of both",
                name_, count, given.quantization.zero_points.size(), layout_.channels));
        }
        weights.type = input_.type == ElementType::uint8 ? ElementType::uint8 : ElementType::int8;
        weights.quantization = given.quantization;
        weights.data = ConstantData{given.values};
        std::vector<double> scales(layout_.channels);
        for (std::size_t channel = 0; channel < layout_.channels; ++channel) {
            scales[channel] = given.quantization.scales[count == 1 ? 0 : channel];
        }
        if (given.bias && given.bias->size() != layout_.channels) {
            throw InvalidModel(fmt::format("layer '{}': {} bias values given, must be {}", name_,
                                           given.bias->size(), layout_.channels));
        }
        const std::vector<double> offsets =
            given.bias.value_or(std::vector<double>(layout_.channels));
        set_bias(bias, scales, offsets);
        double energy = 0.0;
        for (std::size_t index = 0; index < given.values.size(); ++index) {
            const std::size_t channel = channel_of(index);
            const int raw = weights.type == ElementType::uint8
                                ? given.values[index]
                                : static_cast<std::int8_t>(given.values[index]);
            const double zero =
                static_cast<double>(given.quantization.zero_points[count == 1 ? 0 : channel]);
            const double value = (raw - zero) * scales[channel];
            energy += value * value;
        }
        const double second = spread_.variance + spread_.mean * spread_.mean;
        result =
            ir::bell(0.0, std::max(energy * second / static_cast<double>(layout_.channels), 1e-12));
    }

private:
    static ir::Spread normalised() {
        return ir::bell(0.0, target_deviation * target_deviation + bias_deviation * bias_deviation);
    }

    void set_type(Tensor& weights, const std::vector<double>& scales) const {
        const bool is_unsigned = input_.type == ElementType::uint8;
        weights.type = is_unsigned ? ElementType::uint8 : ElementType::int8;
        weights.quantization.axis = is_unsigned ? 0 : layout_.axis;
        const std::size_t count = is_unsigned ? 1 : layout_.channels;
        weights.quantization.scales.assign(scales.begin(),
                                           scales.begin() + static_cast<std::ptrdiff_t>(count));
        weights.quantization.zero_points.assign(count, is_unsigned ? 128 : 0);
    }

    [[nodiscard]] std::size_t channel_of(std::size_t index) const {
        return layout_.axis == 0 ? index / layout_.fan_in : index % layout_.channels;
    }

    void set_bias(Tensor& bias, const std::vector<double>& scales,
                  const std::vector<double>& offsets) const {
        const bool is_wide = input_.type == ElementType::int16;
        // 40 bits are what the accelerator adds; 32-bit biases keep to their type.
        const double limit = is_wide ? 0x1p39 - 1 : 0x1p31 - 1;
        bias.type = is_wide ? ElementType::int64 : ElementType::int32;
        bias.shape = {static_cast<std::int32_t>(layout_.channels)};
        const double input_scale = input_.quantization.scales.at(0);
        const bool is_per_channel =
            layout_.channels > 1 && std::any_of(scales.begin(), scales.end(), [&](double scale) {
                return scale != scales.front();
            });
        std::vector<std::int64_t> values;
        for (std::size_t channel = 0; channel < layout_.channels; ++channel) {
            const double scale = scales[channel] * input_scale;
            values.push_back(static_cast<std::int64_t>(
                std::floor(std::clamp(offsets[channel] / scale, -limit, limit) + 0.5)));
            if (channel == 0 || is_per_channel) {
                bias.quantization.scales.push_back(static_cast<float>(scale));
                bias.quantization.zero_points.push_back(0);
            }
        }
        bias.data = ConstantData{little_endian(values, is_wide ? 8 : 4)};
    }

    const BuilderOptions& options_;
    const Tensor& input_;
    const ir::Spread& spread_;
    const WeightLayout& layout_;
    const std::string& name_;
};

/// Drawn weights are held and take seconds a gigabyte: more of them than any NPU has memory for are
/// refused before they are there.
template <class State>
void count_drawn(State& state, const Shape& shape) {
    constexpr std::int64_t most = std::int64_t{1} << 28U;
    state.drawn_weights += element_count(shape);
    if (state.drawn_weights > most) {
        throw InvalidModel(fmt::format("{} weights up to this layer: at most {} are drawn",
                                       state.drawn_weights, most));
    }
}

// Makes weights, bias and the operator. `leading` stands before weights and input (transposed
// convolution's output shape), and decides the operand order.
template <class State>
Value append_weighted(State& state, OpType type, Value x, const WeightLayout& layout,
                      Attributes attributes, LayerOptions options, Activation activation,
                      const Shape* output_shape) {
    options.name = state.take_name(options.name, to_string(type));
    state.names.erase(options.name);  // append() takes it again
    Tensor weights;
    weights.name = options.name + "/weights";
    weights.shape = layout.shape;
    Tensor bias;
    bias.name = options.name + "/bias";
    ir::Spread spread;
    const Tensor input = state.tensor(x);
    if (input.quantization.scales.size() != 1) {
        throw InvalidModel(
            fmt::format("layer '{}': input '{}' must have one scale", options.name, input.name));
    }
    WeightMaker maker{state.options, input, state.spread(x), layout, options.name};
    if (options.weights) {
        maker.take(*options.weights, weights, bias, spread);
    } else if (state.options.weights.modelled) {
        maker.model(weights, bias, spread);
    } else {
        count_drawn(state, layout.shape);
        maker.draw(weights, bias, spread);
    }
    const TensorId weights_id = state.add_tensor(std::move(weights), {});
    const TensorId bias_id = state.add_tensor(std::move(bias), {});
    std::vector<TensorId> inputs{x.id, weights_id, bias_id};
    if (output_shape != nullptr) {
        const TensorId shape_id = state.add_int32(options.name + "/shape", {4},
                                                  {output_shape->begin(), output_shape->end()});
        inputs = {shape_id, weights_id, x.id, bias_id};
    }
    return state.append(type, std::move(inputs), std::move(attributes), options,
                        ir::activated(spread, activation));
}

WindowAttributes attributes_of(const Window& window, Activation activation) {
    WindowAttributes attributes;
    attributes.padding = window.padding;
    attributes.stride_h = window.stride_h;
    attributes.stride_w = window.stride_w;
    attributes.dilation_h = window.dilation_h;
    attributes.dilation_w = window.dilation_w;
    attributes.activation = activation;
    return attributes;
}

// The image's shape; throws unless window and image make sense together.
Shape checked_image(const Tensor& tensor, const Window& window, std::int32_t filters) {
    if (tensor.shape.size() != 4 || filters < 1 || window.kernel_h < 1 || window.kernel_w < 1) {
        throw InvalidModel(fmt::format(
            "'{}' is {}, {} filters of {}x{}: the input must be of rank 4, filters and "
            "kernel at least 1",
            tensor.name, to_string(tensor.shape), filters, window.kernel_h, window.kernel_w));
    }
    return tensor.shape;
}

std::size_t elements(std::int64_t a, std::int64_t b, std::int64_t c) {
    constexpr std::int64_t most = std::int64_t{1} << 31U;
    const std::int64_t count = detail::checked_mul(detail::checked_mul(a, b), c);
    if (count > most) {
        throw InvalidModel(fmt::format("a filter of {} weights: must be at most {}", count, most));
    }
    return static_cast<std::size_t>(count);
}

}  // namespace

Value GraphBuilder::conv2d(Value x, std::int32_t filters, const Window& window,
                           LayerOptions options, std::int32_t groups) {
    const Shape image = checked_image(state_->tensor(x), window, filters);
    if (groups < 1 || image[3] % groups != 0 || filters % groups != 0) {
        throw InvalidModel(fmt::format("{} groups: must divide the depth {} of '{}' and {} filters",
                                       groups, image[3], state_->tensor(x).name, filters));
    }
    const std::int32_t depth = image[3] / groups;
    WeightLayout layout;
    layout.shape = {filters, window.kernel_h, window.kernel_w, depth};
    layout.channels = static_cast<std::size_t>(filters);
    layout.fan_in = elements(window.kernel_h, window.kernel_w, depth);
    elements(filters, static_cast<std::int64_t>(layout.fan_in), 1);
    return append_weighted(*state_, OpType::conv_2d, x, layout,
                           attributes_of(window, options.activation), options, options.activation,
                           nullptr);
}

Value GraphBuilder::depthwise_conv2d(Value x, const Window& window, LayerOptions options,
                                     std::int32_t multiplier) {
    const Shape image = checked_image(state_->tensor(x), window, multiplier);
    const std::size_t channels = elements(image[3], multiplier, 1);
    WeightLayout layout;
    layout.shape = {1, window.kernel_h, window.kernel_w, image[3] * multiplier};
    layout.axis = 3;
    layout.channels = channels;
    layout.fan_in = elements(window.kernel_h, window.kernel_w, 1);
    elements(window.kernel_h, window.kernel_w, static_cast<std::int64_t>(channels));
    WindowAttributes attributes = attributes_of(window, options.activation);
    attributes.depth_multiplier = multiplier;
    return append_weighted(*state_, OpType::depthwise_conv_2d, x, layout, attributes, options,
                           options.activation, nullptr);
}

Value GraphBuilder::transpose_conv(Value x, std::int32_t filters, const Window& window,
                                   LayerOptions options) {
    const Shape image = checked_image(state_->tensor(x), window, filters);
    WeightLayout layout;
    layout.shape = {filters, window.kernel_h, window.kernel_w, image[3]};
    layout.channels = static_cast<std::size_t>(filters);
    layout.fan_in = elements(window.kernel_h, window.kernel_w, image[3]);
    elements(filters, static_cast<std::int64_t>(layout.fan_in), 1);
    const auto extent = [&](std::int64_t input, std::int64_t kernel, std::int64_t stride) {
        const std::int64_t result = window.padding == Padding::same
                                        ? input * stride
                                        : (input - 1) * stride + std::max(kernel, stride);
        if (result > std::numeric_limits<std::int32_t>::max()) {
            throw InvalidModel(fmt::format("an output extent of {} is too large", result));
        }
        return static_cast<std::int32_t>(result);
    };
    const Shape output{image[0], extent(image[1], window.kernel_h, window.stride_h),
                       extent(image[2], window.kernel_w, window.stride_w), filters};
    return append_weighted(*state_, OpType::transpose_conv, x, layout,
                           attributes_of(window, options.activation), options, options.activation,
                           &output);
}

Value GraphBuilder::fully_connected(Value x, std::int32_t units, LayerOptions options) {
    const Tensor& input = state_->tensor(x);
    if (input.shape.empty() || units < 1) {
        throw InvalidModel(
            fmt::format("'{}' is {}, {} units: the input must not be a scalar, the "
                        "units at least 1",
                        input.name, to_string(input.shape), units));
    }
    WeightLayout layout;
    layout.shape = {units, input.shape.back()};
    layout.channels = static_cast<std::size_t>(units);
    layout.fan_in = elements(input.shape.back(), 1, 1);
    elements(units, input.shape.back(), 1);
    return append_weighted(*state_, OpType::fully_connected, x, layout,
                           FullyConnectedAttributes{options.activation, false, false}, options,
                           options.activation, nullptr);
}

}  // namespace u65sim
