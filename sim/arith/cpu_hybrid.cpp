#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "arith/cpu_kernel_table.hpp"
#include "arith/cpu_windows.hpp"
#include "arith/hybrid.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::arith {
namespace {

constexpr std::int32_t lowest = -128, highest = 127;

/// The zero point of a row between `least` and `most`, zero included.
std::int64_t zero_point_of(double least, double most) {
    const double scale = (most - least) / (highest - lowest);
    const double from_least = lowest - least / scale;
    const double from_most = highest - most / scale;
    // The end that loses less in the sum decides.
    const double error_of_least = std::abs(lowest) + std::abs(least / scale);
    const double error_of_most = highest + std::abs(most / scale);
    const double zero = error_of_least < error_of_most ? from_least : from_most;
    return static_cast<std::int64_t>(std::round(std::clamp<double>(zero, lowest, highest)));
}

/// Halves away from zero. What is no number, or far outside, stays within 32 bits.
std::int64_t nearest(float value) {
    constexpr float bound = 1e9F;
    if (!(value > -bound)) return static_cast<std::int64_t>(-bound);
    return static_cast<std::int64_t>(std::round(std::min(value, bound)));
}

/// Appends one row.
void quantise_row(std::span<const float> row, bool asymmetric, QuantisedRows& result) {
    const auto [least, most] = std::minmax_element(row.begin(), row.end());
    const float low = std::min(0.0F, *least);
    const float high = std::max(0.0F, *most);
    const float reach = std::max(-low, high);
    if (reach == 0.0F) {
        result.elements.resize(result.elements.size() + row.size(), 0);
        result.scales.push_back(1.0F);
        return;
    }
    if (!asymmetric) {
        const float factor = static_cast<float>(highest) / reach;
        for (const float value : row) {
            result.elements.push_back(
                std::clamp<std::int64_t>(nearest(value * factor), -highest, highest));
        }
        result.scales.push_back(reach / static_cast<float>(highest));
        return;
    }
    const float scale = (high - low) / static_cast<float>(highest - lowest);
    const std::int64_t zero = zero_point_of(low, high);
    const float factor = 1.0F / scale;
    for (const float value : row) {
        const std::int64_t element = nearest(value * factor) + zero;
        result.elements.push_back(std::clamp<std::int64_t>(element, lowest, highest) - zero);
    }
    result.scales.push_back(scale);
}

/// In which order the scales of rows and channels meet the sum.
enum class ScaleOrder : std::uint8_t { scales_first, channel_first };

/// Operands of one layer, for the loops of cpu_windows.hpp.
class HybridLayer {
public:
    using Value = std::int64_t;
    using Result = float;

    HybridLayer(const CpuCall& call, std::size_t input, std::size_t bias, std::size_t channel_axis,
                Activation activation)
        : call_(call), activation_(activation), filter(*call.input(1).tensor) {
        const auto values = float_values(call, call.input(input));
        const bool windows = call.op.type != OpType::fully_connected;
        weights = hybrid_weights(call, call.input(1));
        channels_ = static_cast<std::size_t>(call.output().shape.back());
        read_scales(channel_axis);
        const bool asymmetric = call.op.type == OpType::depthwise_conv_2d ||
                                (windows ? by_channel_ : asymmetric_asked());
        QuantisedRows rows = quantise_rows(values, row_count(values.size(), windows), asymmetric);
        inputs = std::move(rows.elements);
        rows_ = std::move(rows.scales);
        if (windows && by_channel_ && call.op.type == OpType::conv_2d) {
            order_ = ScaleOrder::channel_first;
        }
        if (call.has_input(bias)) biases_ = float_values(call, call.input(bias));
        biases_.resize(channels_, 0.0F);
        nothing_ = std::all_of(values.begin(), values.end(), [](float v) { return v == 0.0F; });
    }

    [[nodiscard]] float finish(std::int64_t sum, std::size_t row, std::size_t channel) const {
        const float bias = biases_[channel];
        if (nothing_) return activated(call_, activation_, bias);
        const float scale = scales_[by_channel_ ? channel : 0];
        const auto real = static_cast<float>(static_cast<std::int32_t>(sum));
        const float product = order_ == ScaleOrder::channel_first ? real * scale * rows_[row]
                                                                  : real * (scale * rows_[row]);
        return activated(call_, activation_, product + bias);
    }

private:
    [[nodiscard]] bool asymmetric_asked() const {
        return call_.attributes<FullyConnectedAttributes>().asymmetric_inputs;
    }

    /// Batches of a convolution, rows of a fully connected layer.
    [[nodiscard]] std::size_t row_count(std::size_t elements, bool windows) const {
        if (windows) return static_cast<std::size_t>(call_.output().shape.front());
        const auto depth = static_cast<std::size_t>(filter.shape.empty() ? 0 : filter.shape.back());
        if (depth == 0 || elements % depth != 0) {
            call_.invalid(fmt::format("{} elements are no rows of {}", elements, depth));
        }
        return elements / depth;
    }

    void read_scales(std::size_t channel_axis) {
        const Quantization& quantisation = filter.quantization;
        if (quantisation.empty()) call_.not_executable("weights without a scale");
        scales_ = quantisation.scales;
        if (scales_.size() == 1) return;
        if (channel_axis >= filter.shape.size() || scales_.size() != channels_) {
            call_.invalid("the weights' scales disagree with the channels");
        }
        by_channel_ = call_.op.type != OpType::conv_2d ||
                      std::any_of(scales_.begin(), scales_.end(),
                                  [&](float scale) { return scale != scales_.front(); });
    }

    const CpuCall& call_;
    Activation activation_;
    ScaleOrder order_ = ScaleOrder::scales_first;
    std::size_t channels_ = 0;
    bool by_channel_ = false;
    bool nothing_ = false;  ///< the whole map is zero
    std::vector<float> scales_, rows_, biases_;

public:
    const Tensor& filter;
    std::vector<std::int64_t> inputs, weights;
};

bool is_integer(ElementType type) {
    switch (type) {
        case ElementType::int8:
        case ElementType::uint8:
        case ElementType::int4:
        case ElementType::int2:
        case ElementType::uint4:
        case ElementType::int16:
            return true;
        default:
            return false;
    }
}

}  // namespace

std::vector<std::int64_t> hybrid_weights(const CpuCall& call, const CpuOperand& weights) {
    for (const std::int64_t point : weights.tensor->quantization.zero_points) {
        if (point != 0 && weights.tensor->type == ElementType::int8) {
            call.not_executable("float32 maps with weights that have a zero point");
        }
    }
    std::vector<std::int64_t> values = raw_values(call, weights);
    if (weights.tensor->type == ElementType::uint8) {
        for (std::int64_t& value : values) value = static_cast<std::int8_t>(value);
    }
    return values;
}

QuantisedRows quantise_rows(std::span<const float> values, std::size_t rows, bool asymmetric) {
    QuantisedRows result;
    result.elements.reserve(values.size());
    const std::size_t length = rows == 0 ? 0 : values.size() / rows;
    if (length == 0) return {{}, std::vector<float>(rows, 1.0F)};
    for (std::size_t row = 0; row < rows; ++row) {
        quantise_row(values.subspan(row * length, length), asymmetric, result);
    }
    return result;
}

bool is_hybrid(const CpuCall& call) {
    const auto map = static_cast<std::size_t>(ir::info(call.op.type).operands.map);
    switch (call.op.type) {
        case OpType::conv_2d:
        case OpType::depthwise_conv_2d:
        case OpType::transpose_conv:
        case OpType::fully_connected:
        case OpType::batch_matmul:
        case OpType::svdf:
        case OpType::unidirectional_sequence_lstm:
            break;
        default:
            return false;
    }
    return call.has_input(map) && call.has_input(1) && is_float(*call.inputs[map].tensor) &&
           is_integer(call.inputs[1].tensor->type);
}

CpuResults cpu_hybrid(const CpuCall& call) {
    const ElementType type = call.input(1).tensor->type;
    if (!is_float(call.output())) call.not_executable("float32 maps with an integer result");
    if (type != ElementType::int8 && type != ElementType::uint8) {
        call.not_executable(
            fmt::format("float32 maps with {} weights are not executed", to_string(type)));
    }
    switch (call.op.type) {
        case OpType::conv_2d:
        case OpType::depthwise_conv_2d:
            return run_convolution<HybridLayer>(call);
        case OpType::fully_connected:
            return run_fully_connected<HybridLayer>(call);
        case OpType::batch_matmul:
            return cpu_batch_matmul(call);
        case OpType::svdf:
            return cpu_svdf(call);
        default:
            break;
    }
    call.not_executable(
        fmt::format("float32 maps with {} weights: dynamic-range quantisation of this operator "
                    "is not executed",
                    to_string(type)));
}

}  // namespace u65sim::arith
