#include "arith/rescale.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace u65sim::arith {

ValueRange activation_range(Activation activation, float scale, std::int32_t zero_point,
                            ValueRange range) {
    const auto quantised = [&](float value) {
        return zero_point + static_cast<std::int32_t>(std::round(value / scale));
    };
    switch (activation) {
        case Activation::relu:
            range.low = std::max(range.low, quantised(0.0F));
            break;
        case Activation::relu6:
            range.low = std::max(range.low, quantised(0.0F));
            range.high = std::min(range.high, quantised(6.0F));
            break;
        case Activation::relu_n1_to_1:
            range.low = std::max(range.low, quantised(-1.0F));
            range.high = std::min(range.high, quantised(1.0F));
            break;
        case Activation::relu_0_to_1:
            range.low = std::max(range.low, quantised(0.0F));
            range.high = std::min(range.high, quantised(1.0F));
            break;
        default:
            break;
    }
    return range;
}

double ChannelScaling::factor(float weight) const {
    const double product = product_in_float ? static_cast<double>(input * weight)
                                            : static_cast<double>(input) * weight;
    return product / static_cast<double>(output);
}

Multiplier ChannelScaling::multiplier(float weight) const {
    const Multiplier full = quantise(factor(weight));
    return narrow ? reduce_to_16_bits(full) : full;
}

ChannelScaling channel_scaling(OpType op, const Tensor& input, const Tensor* bias, float output) {
    const bool vector_product = op == OpType::fully_connected;
    ChannelScaling scaling;
    scaling.input = input.quantization.scales.front();
    scaling.output = output;
    scaling.product_in_float = !vector_product && input.type == ElementType::uint8;
    scaling.narrow = !vector_product && rounds_once(input, bias);
    return scaling;
}

bool rounds_once(const Tensor& input, const Tensor* bias) {
    return input.type == ElementType::int16 &&
           (bias == nullptr || bias->type != ElementType::int32);
}

bool can_tie(const Multiplier& m, std::int64_t largest) {
    if (m.multiplier == 0) return false;
    const int zeros = std::countr_zero(m.multiplier);
    // The smallest tie is half the odd part.
    return m.shift > zeros && std::int64_t{m.multiplier >> zeros} < 2 * largest;
}

bool is_power_of_two(const Multiplier& m) { return std::has_single_bit(m.multiplier); }

}  // namespace u65sim::arith
