// Convolutions and fully connected layers on the CPU: float32, and what the NPU refuses.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "arith/cpu_kernel_table.hpp"
#include "arith/cpu_windows.hpp"
#include "arith/rescale.hpp"

namespace u65sim::arith {
namespace {

/// Operands of one quantised layer with zero points removed, and its output stage.
class Layer {
public:
    using Value = std::int64_t;
    using Result = std::int64_t;

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

    [[nodiscard]] std::int64_t finish(std::int64_t sum, std::size_t, std::size_t channel) const {
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
    using Result = float;

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

    [[nodiscard]] float finish(float sum, std::size_t, std::size_t channel) const {
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

}  // namespace

CpuResults cpu_convolution(const CpuCall& call) {
    return is_float(call.output()) ? run_convolution<FloatLayer>(call)
                                   : run_convolution<Layer>(call);
}

CpuResults cpu_transpose_convolution(const CpuCall& call) {
    return is_float(call.output()) ? run_transpose_convolution<FloatLayer>(call)
                                   : run_transpose_convolution<Layer>(call);
}

CpuResults cpu_fully_connected(const CpuCall& call) {
    return is_float(call.output()) ? run_fully_connected<FloatLayer>(call)
                                   : run_fully_connected<Layer>(call);
}

}  // namespace u65sim::arith
