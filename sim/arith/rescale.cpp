#include "arith/rescale.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace u65sim::arith {
namespace {

struct Fraction {
    std::int64_t numerator, denominator;
};

/// The fraction in lowest terms that `value` is the nearest double of, by continued fractions;
/// empty when its denominator would pass `limit`.
std::optional<Fraction> fraction_of(double value, std::int64_t limit) {
    constexpr double tolerance = 0x1p-51;
    constexpr double largest_term = 0x1p31;
    Fraction before{0, 1}, last{1, 0};
    double rest = value;
    while (rest < largest_term) {
        const double whole = std::floor(rest);
        const auto term = static_cast<std::int64_t>(whole);
        const Fraction next{term * last.numerator + before.numerator,
                            term * last.denominator + before.denominator};
        if (next.denominator > limit || next.numerator > INT32_MAX) return {};
        const auto top = static_cast<double>(next.numerator);
        const double error = std::fabs(value * static_cast<double>(next.denominator) - top);
        if (error <= tolerance * top) return next;
        if (rest == whole) return {};
        before = last;
        last = next;
        rest = 1.0 / (rest - whole);
    }
    return {};
}

}  // namespace

ValueRange activation_range(Activation activation, float scale, std::int32_t zero_point,
                            ValueRange range) {
    // Beyond every type, and within 64 bits.
    constexpr float far = 4e18F;
    const auto quantised = [&](float value) {
        const float steps = std::clamp(std::round(value / scale), -far, far);
        return static_cast<std::int32_t>(std::clamp<std::int64_t>(
            std::int64_t{zero_point} + static_cast<std::int64_t>(steps), range.low, range.high));
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
    if (largest > 0) return multiplier_for_halves(factor(weight), largest);
    const Multiplier full = quantise(factor(weight));
    return narrow ? reduce_to_16_bits(full) : full;
}

ChannelScaling channel_scaling(OpType op, const Tensor& input, const Tensor* bias,
                               const Tensor& output) {
    const bool vector_product = op == OpType::fully_connected;
    ChannelScaling scaling;
    scaling.input = input.quantization.scales.front();
    scaling.output = output.quantization.scales.front();
    scaling.product_in_float = !vector_product && input.type == ElementType::uint8;
    scaling.narrow = !vector_product && rounds_once(input, bias);
    if (vector_product) scaling.largest = element_bytes(output.type) == 1 ? 255 : 32768;
    return scaling;
}

Multiplier multiplier_for_halves(double factor, std::int64_t largest) {
    const Multiplier nearest = quantise(factor);
    if (nearest.multiplier == 0) return nearest;
    // Non-halves lie 1 / (2 * denominator) from them or more; the step up must stay below that.
    const std::int64_t denominators = (std::int64_t{1} << 29) / largest;
    const auto fraction = fraction_of(factor, denominators);
    if (!fraction || fraction->denominator % 2 != 0 || fraction->numerator >= 2 * largest) {
        return nearest;
    }
    const double scaled = std::floor(std::ldexp(factor, nearest.shift));
    return {static_cast<std::uint32_t>(scaled) + 1, nearest.shift};
}

bool sum_rounds_once(const Tensor& input) { return input.type != ElementType::uint8; }

bool rounds_once(const Tensor& input, const Tensor* bias) {
    return input.type == ElementType::int16 &&
           (bias == nullptr || bias->type != ElementType::int32);
}

}  // namespace u65sim::arith
