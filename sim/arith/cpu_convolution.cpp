// Convolutions and fully connected layers on the CPU: float32, and what the NPU refuses.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "arith/cpu_kernel_table.hpp"
#include "arith/rescale.hpp"

namespace u65sim::arith {
namespace {

/// Operands of one quantised layer with zero points removed, and its output stage.
class Layer {
public:
    using Value = std::int64_t;

    Layer(const CpuCall& call, std::size_t input, std::size_t bias, std::size_t channel_axis,
          Activation activation)
        : call_(call), filter(*call.input(1).tensor) {
        const Tensor& map = *call.input(input).tensor;
        const Tensor& output = call.output();
        const Affine in = affine_of(call, map);
        const Affine out = affine_of(call, output);
        if (filter.quantization.empty()) call.not_executable("weights without a scale");
        for (const Tensor* each : {&map, &filter, &output}) {
            if (!is_narrow(each->type)) {
                call.not_executable(
                    fmt::format("quantised maps and weights of {}", to_string(each->type)));
            }
        }
        inputs = raw_values(call, call.input(input));
        for (std::int64_t& value : inputs) value -= in.zero_point;
        weights = raw_values(call, call.input(1));
        remove_weight_zero_points(channel_axis);

        const std::int64_t channels = output.shape.back();
        const bool has_bias = call.has_input(bias);
        if (has_bias) biases_ = integers(call, bias);
        biases_.resize(static_cast<std::size_t>(channels), 0);
        const auto scaling = channel_scaling(call.op.type, map,
                                             has_bias ? call.input(bias).tensor : nullptr, output);
        const auto& scales = filter.quantization.scales;
        for (std::size_t i = 0; i < biases_.size(); ++i) {
            const float scale = scales[std::min(i, scales.size() - 1)];
            if (call.op.type == OpType::fully_connected) {
                factors_.push_back(scaling.factor(scale));
            } else {
                multipliers_.push_back(scaling.multiplier(scale));
            }
        }
        const bool once = rounds_once(map, has_bias ? call.input(bias).tensor : nullptr);
        mode_ = once ? RoundingMode::natural : RoundingMode::tfl;
        zero_point_ = out.zero_point;
        range_ = clamp_range(call, output, activation);
    }

    [[nodiscard]] std::int64_t finish(std::int64_t sum, std::size_t channel) const {
        return std::clamp(scaled(with_bias(sum, channel), channel) + zero_point_, range_.low,
                          range_.high);
    }

private:
    /// Types whose products and sums fit 64 bits, whatever the window.
    static bool is_narrow(ElementType type) {
        return type == ElementType::int4 || type == ElementType::int8 ||
               type == ElementType::uint8 || type == ElementType::int16;
    }

    /// Biases may have any 64 bits: sums wrap around, as in an accumulator.
    [[nodiscard]] std::int64_t with_bias(std::int64_t sum, std::size_t channel) const {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(sum) +
                                         static_cast<std::uint64_t>(biases_[channel]));
    }

    /// Fully connected layers scale in double and round halves away from zero, all others in
    /// fixed point.
    [[nodiscard]] std::int64_t scaled(std::int64_t sum, std::size_t channel) const {
        if (multipliers_.empty()) {
            constexpr double bound = 1e15;
            const double real = std::round(static_cast<double>(sum) * factors_[channel]);
            return static_cast<std::int64_t>(std::clamp(real, -bound, bound));
        }
        const Multiplier& m = multipliers_[channel];
        return round_shift(sum, m.multiplier, m.shift, mode_);
    }

    void remove_weight_zero_points(std::size_t channel_axis) {
        const auto& points = filter.quantization.zero_points;
        if (points.empty()) return;
        std::size_t inner = 1;
        for (std::size_t i = channel_axis + 1; i < filter.shape.size(); ++i) {
            inner *= static_cast<std::size_t>(filter.shape[i]);
        }
        const auto channels = static_cast<std::size_t>(filter.shape.at(channel_axis));
        if (points.size() > 1 && points.size() < channels) {
            call_.invalid("too few zero points for the weights' channels");
        }
        for (std::size_t i = 0; i < weights.size(); ++i) {
            weights[i] -= points[points.size() > 1 ? i / inner % channels : 0];
        }
    }

    const CpuCall& call_;
    std::vector<std::int64_t> biases_;
    std::vector<double> factors_;
    std::vector<Multiplier> multipliers_;
    RoundingMode mode_;
    std::int64_t zero_point_;
    RawRange range_;

public:
    const Tensor& filter;
    std::vector<std::int64_t> inputs, weights;
};

/// The same for float32.
class FloatLayer {
public:
    using Value = float;

    FloatLayer(const CpuCall& call, std::size_t input, std::size_t bias, std::size_t,
               Activation activation)
        : call_(call),
          activation_(activation),
          filter(*call.input(1).tensor),
          inputs(float_values(call, call.input(input))),
          weights(float_values(call, call.input(1))) {
        if (call.has_input(bias)) biases_ = float_values(call, call.input(bias));
        biases_.resize(static_cast<std::size_t>(call.output().shape.back()), 0.0F);
    }

    [[nodiscard]] float finish(float sum, std::size_t channel) const {
        return activated(call_, activation_, sum + biases_[channel]);
    }

private:
    const CpuCall& call_;
    Activation activation_;
    std::vector<float> biases_;

public:
    const Tensor& filter;
    std::vector<float> inputs, weights;
};

CpuBytes store(const CpuCall& call, const std::vector<std::int64_t>& values) {
    return store_raw(call, call.output().type, values);
}
CpuBytes store(const CpuCall&, const std::vector<float>& values) { return store_floats(values); }

/// Extents of a map with batch, rows, columns and depth.
struct Map {
    std::int64_t n, h, w, c;
    Map(const CpuCall& call, const Tensor& tensor) {
        if (tensor.shape.size() != 4) {
            call.not_executable(fmt::format("{}: must have 4 dimensions", tensor.name));
        }
        n = tensor.shape[0];
        h = tensor.shape[1];
        w = tensor.shape[2];
        c = tensor.shape[3];
    }
    [[nodiscard]] std::size_t at(std::int64_t b, std::int64_t y, std::int64_t x,
                                 std::int64_t channel) const {
        return static_cast<std::size_t>(((b * h + y) * w + x) * c + channel);
    }
};

template <class AnyLayer>
CpuResults convolution(const CpuCall& call) {
    using Value = typename AnyLayer::Value;
    const auto& window = call.attributes<WindowAttributes>();
    const bool depthwise = call.op.type == OpType::depthwise_conv_2d;
    const AnyLayer layer{call, 0, 2, depthwise ? std::size_t{3} : std::size_t{0},
                         window.activation};
    const Map in{call, *call.input(0).tensor};
    const Map out{call, call.output()};
    const Map kernel{call, layer.filter};
    const std::int64_t filters = depthwise ? kernel.c : kernel.n;
    const std::int64_t depth = depthwise ? 1 : kernel.c;
    if (filters != out.c || depth < 1 || in.c % depth != 0 || out.n != in.n ||
        out.c % (depthwise ? in.c : in.c / depth) != 0) {
        call.invalid("the filters' shape disagrees with the maps");
    }
    const std::int64_t outputs_a_group = depthwise ? out.c / in.c : out.c / (in.c / depth);
    const std::int64_t top =
        padding_before(window.padding, in.h, out.h, kernel.h, window.stride_h, window.dilation_h);
    const std::int64_t left =
        padding_before(window.padding, in.w, out.w, kernel.w, window.stride_w, window.dilation_w);
    std::vector<Value> result;
    result.reserve(static_cast<std::size_t>(elements(call.output())));
    for_each_place(out.n, out.h, out.w, [&](std::int64_t b, std::int64_t y, std::int64_t x) {
        for (std::int64_t o = 0; o < out.c; ++o) {
            const std::int64_t first = o / outputs_a_group * depth;
            Value sum{0};
            for (std::int64_t ky = 0; ky < kernel.h; ++ky) {
                const std::int64_t iy = y * window.stride_h + ky * window.dilation_h - top;
                if (iy < 0 || iy >= in.h) continue;
                for (std::int64_t kx = 0; kx < kernel.w; ++kx) {
                    const std::int64_t ix = x * window.stride_w + kx * window.dilation_w - left;
                    if (ix < 0 || ix >= in.w) continue;
                    const Value* from = &layer.inputs[in.at(b, iy, ix, first)];
                    const Value* with = &layer.weights[depthwise ? kernel.at(0, ky, kx, o)
                                                                 : kernel.at(o, ky, kx, 0)];
                    for (std::int64_t c = 0; c < depth; ++c) sum += from[c] * with[c];
                }
            }
            result.push_back(layer.finish(sum, static_cast<std::size_t>(o)));
        }
    });
    return {store(call, result)};
}

template <class AnyLayer>
CpuResults transpose_convolution(const CpuCall& call) {
    using Value = typename AnyLayer::Value;
    const auto& window = call.attributes<WindowAttributes>();
    const AnyLayer layer{call, 2, 3, 0, window.activation};
    const Map in{call, *call.input(2).tensor};
    const Map out{call, call.output()};
    const Map kernel{call, layer.filter};
    if (kernel.n != out.c || kernel.c != in.c || out.n != in.n) {
        call.invalid("the filters' shape disagrees with the maps");
    }
    // The forward convolution's padding.
    const std::int64_t top =
        padding_before(window.padding, out.h, in.h, kernel.h, window.stride_h, 1);
    const std::int64_t left =
        padding_before(window.padding, out.w, in.w, kernel.w, window.stride_w, 1);
    std::vector<Value> sums(static_cast<std::size_t>(elements(call.output())), Value{0});
    for_each_place(in.n, in.h, in.w, [&](std::int64_t b, std::int64_t y, std::int64_t x) {
        const Value* from = &layer.inputs[in.at(b, y, x, 0)];
        for (std::int64_t ky = 0; ky < kernel.h; ++ky) {
            const std::int64_t oy = y * window.stride_h + ky - top;
            if (oy < 0 || oy >= out.h) continue;
            for (std::int64_t kx = 0; kx < kernel.w; ++kx) {
                const std::int64_t ox = x * window.stride_w + kx - left;
                if (ox < 0 || ox >= out.w) continue;
                for (std::int64_t o = 0; o < out.c; ++o) {
                    const Value* with = &layer.weights[kernel.at(o, ky, kx, 0)];
                    Value& sum = sums[out.at(b, oy, ox, o)];
                    for (std::int64_t c = 0; c < in.c; ++c) sum += from[c] * with[c];
                }
            }
        }
    });
    for (std::size_t i = 0; i < sums.size(); ++i) {
        sums[i] = layer.finish(sums[i], i % static_cast<std::size_t>(out.c));
    }
    return {store(call, sums)};
}

template <class AnyLayer>
CpuResults fully_connected(const CpuCall& call) {
    using Value = typename AnyLayer::Value;
    const AnyLayer layer{call, 0, 2, 0, call.attributes<FullyConnectedAttributes>().activation};
    if (layer.filter.shape.size() != 2) call.invalid("weights must have 2 dimensions");
    const auto units = static_cast<std::size_t>(layer.filter.shape[0]);
    const auto depth = static_cast<std::size_t>(layer.filter.shape[1]);
    if (depth == 0 || layer.inputs.size() % depth != 0) {
        call.invalid(fmt::format("{} elements are no rows of {}", layer.inputs.size(), depth));
    }
    if (call.output().shape.back() != layer.filter.shape[0]) {
        call.invalid("the output's depth disagrees with the weights");
    }
    std::vector<Value> result;
    for (std::size_t row = 0; row < layer.inputs.size(); row += depth) {
        for (std::size_t o = 0; o < units; ++o) {
            Value sum{0};
            for (std::size_t i = 0; i < depth; ++i) {
                sum += layer.inputs[row + i] * layer.weights[o * depth + i];
            }
            result.push_back(layer.finish(sum, o));
        }
    }
    return {store(call, result)};
}

}  // namespace

CpuResults cpu_convolution(const CpuCall& call) {
    return is_float(call.output()) ? convolution<FloatLayer>(call) : convolution<Layer>(call);
}

CpuResults cpu_transpose_convolution(const CpuCall& call) {
    return is_float(call.output()) ? transpose_convolution<FloatLayer>(call)
                                   : transpose_convolution<Layer>(call);
}

CpuResults cpu_fully_connected(const CpuCall& call) {
    return is_float(call.output()) ? fully_connected<FloatLayer>(call)
                                   : fully_connected<Layer>(call);
}

CpuResults cpu_batch_matmul(const CpuCall& call) {
    const auto& form = call.attributes<BatchMatmulAttributes>();
    const Tensor& a = *call.input(0).tensor;
    const Tensor& b = *call.input(1).tensor;
    const Tensor& output = call.output();
    if (a.type != output.type || b.type != output.type || bytes_of_element(a) > 2) {
        call.not_executable("no CPU kernel for these element types");
    }
    const std::size_t rank = output.shape.size();
    if (rank < 2 || a.shape.size() != rank || b.shape.size() != rank) {
        call.not_executable("no kernel for operands of different rank");
    }
    const Affine in_a = affine_of(call, a);
    const Affine in_b = affine_of(call, b);
    const Affine out = affine_of(call, output);
    const bool wide = bytes_of_element(a) == 2;
    const Multiplier full =
        quantise(static_cast<double>(in_a.scale * in_b.scale) / static_cast<double>(out.scale));
    // 64-bit sums keep 16 bits of the multiplier.
    const Multiplier scale = wide ? reduce_to_16_bits(full) : full;
    const RoundingMode mode = wide ? RoundingMode::natural : RoundingMode::tfl;
    const RawRange range = raw_range(call, output.type);
    const auto left = raw_values(call, call.input(0));
    const auto right = raw_values(call, call.input(1));
    const std::int64_t rows = output.shape[rank - 2];
    const std::int64_t columns = output.shape[rank - 1];
    const std::int64_t depth = a.shape[form.adjoint_x ? rank - 2 : rank - 1];
    const std::int64_t matrices = elements(output) / std::max<std::int64_t>(rows * columns, 1);
    const bool fits = elements(a) == matrices * rows * depth;
    if (!fits || elements(b) != matrices * columns * depth) {
        call.not_executable("no kernel for broadcast matrices");
    }
    std::vector<std::int64_t> result;
    for_each_place(matrices, rows, columns, [&](std::int64_t m, std::int64_t y, std::int64_t x) {
        std::int64_t sum = 0;
        for (std::int64_t k = 0; k < depth; ++k) {
            const std::int64_t of_a = form.adjoint_x ? k * rows + y : y * depth + k;
            const std::int64_t of_b = form.adjoint_y ? x * depth + k : k * columns + x;
            sum += (left[static_cast<std::size_t>(m * rows * depth + of_a)] - in_a.zero_point) *
                   (right[static_cast<std::size_t>(m * columns * depth + of_b)] - in_b.zero_point);
        }
        const std::int64_t scaled =
            round_shift(sum, scale.multiplier, scale.shift, mode) + out.zero_point;
        result.push_back(std::clamp(scaled, range.low, range.high));
    });
    return {store_raw(call, output.type, result)};
}

}  // namespace u65sim::arith
