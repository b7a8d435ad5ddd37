#include "arith/rescale.hpp"

#include <algorithm>
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

Multiplier ChannelScaling::multiplier(float weight) const {
    const double product = product_in_float ? static_cast<double>(input * weight)
                                            : static_cast<double>(input) * weight;
    const Multiplier full = quantise(product / static_cast<double>(output));
    return narrow ? reduce_to_16_bits(full) : full;
}

ChannelScaling channel_scaling(OpType op, const Tensor& input, const Tensor* bias, float output) {
    const bool vector_product = op == OpType::fully_connected;
    const bool wide = input.type == ElementType::int16;
    ChannelScaling scaling;
    scaling.input = input.quantization.scales.front();
    scaling.output = output;
    scaling.product_in_float = vector_product ? !wide : input.type == ElementType::uint8;
    scaling.narrow = !vector_product && rounds_once(input, bias);
    return scaling;
}

bool rounds_once(const Tensor& input, const Tensor* bias) {
    return input.type == ElementType::int16 &&
           (bias == nullptr || bias->type != ElementType::int32);
}

}  // namespace u65sim::arith
