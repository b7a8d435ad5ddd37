#include "arith/tables.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "arith/fixed_point.hpp"
#include "arith/fixed_point16.hpp"
#include "base/integer_range.hpp"

namespace u65sim::arith {
namespace {

void require_usable(Affine quantisation, const char* which) {
    if (std::isfinite(quantisation.scale) && quantisation.scale > 0.0F) return;
    throw InvalidModel(fmt::format("{} scale of a look-up table = {}: must be finite and above 0",
                                   which, quantisation.scale));
}

float evaluate(Function function, float x) {
    switch (function) {
        case Function::logistic:
            return 1.0F / (1.0F + std::exp(-x));
        case Function::tanh:
            return std::tanh(x);
        case Function::exp:
            return std::exp(x);
        case Function::log:
            return std::log(x);
        case Function::sqrt:
            return std::sqrt(x);
        case Function::rsqrt:
            return 1.0F / std::sqrt(x);
        case Function::elu:
            return x < 0.0F ? std::expm1(x) : x;
        case Function::gelu:
            return 0.5F * x * std::erfc(x * static_cast<float>(-M_SQRT1_2));
        case Function::gelu_approximate: {
            const auto sqrt_2_over_pi = static_cast<float>(M_2_SQRTPI * M_SQRT1_2);
            return 0.5F * x * (1.0F + std::tanh(sqrt_2_over_pi * (x + 0.044715F * x * x * x)));
        }
    }
    return 0.0F;
}

std::uint8_t clamped_byte(std::int64_t value, IntegerRange range) {
    return static_cast<std::uint8_t>(std::clamp(value, range.low, range.high));
}

/// Calls entry(x) for every raw input and stores what comes back, clamped.
template <class Entry>
Table8 fill(bool is_signed, Entry entry) {
    const IntegerRange range = integer_range(8, is_signed);
    Table8 table{};
    for (auto x = static_cast<std::int32_t>(range.low); x <= range.high; ++x) {
        table[static_cast<std::size_t>(x - range.low)] = clamped_byte(entry(x), range);
    }
    return table;
}

/// Without rounding: toward zero.
std::int16_t truncating_mul16(std::int16_t a, std::int16_t b) {
    if (a == -32768 && b == -32768) return 32767;
    return static_cast<std::int16_t>(std::int32_t{a} * std::int32_t{b} / (1 << 15));
}

/// gemmlowp's rounding divide of 16 bits, whose mask keeps 16 bits where the exponent has more:
/// then values from 0 on become 1.
std::int16_t rounding_divide16(std::int16_t value, int exponent) {
    if (exponent < 16) return static_cast<std::int16_t>(rounding_divide_by_pot(value, exponent));
    return value >= 0 ? 1 : -1;
}

std::int16_t high_half(std::uint32_t multiplier) {
    constexpr std::uint32_t half = std::uint32_t{1} << 15;
    if (multiplier >= 0x7FFFFFFFU - half) return 32767;
    return static_cast<std::int16_t>((multiplier + half) >> 16);
}

Table16 steps_to_words(const std::array<std::int16_t, 513>& values) {
    Table16 table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
        const auto rise = static_cast<std::uint32_t>(values[i + 1] - values[i]);
        table[i] = (rise << 16) | static_cast<std::uint16_t>(values[i]);
    }
    return table;
}

/// The reference's 512-step table of a function, in the precision of `Real`.
template <class Real, class Call>
Table16 sample16(Real input_scale, std::int32_t input_zero, Real output_scale,
                 std::int32_t output_zero, Call call) {
    constexpr int steps = 512;
    const Real input_low = input_scale * static_cast<Real>(-32768 - input_zero);
    const Real input_high = input_scale * static_cast<Real>(32767 - input_zero);
    const Real output_low = output_scale * static_cast<Real>(-32768 - output_zero);
    const Real output_high = output_scale * static_cast<Real>(32767 - output_zero);
    const Real step = (input_high - input_low) / Real{steps};
    const Real half_step = step / Real{2};
    const Real inverse = Real{65536} / (output_high - output_low);
    std::array<std::int16_t, steps + 1> values{};
    const auto stored = [](Real value, Real function_value) {
        // Outside of the function's domain the lowest. The error of infinite samples is not a
        // number: the reference's conversion makes it 0.
        if (std::isnan(function_value)) return std::int16_t{-32768};
        if (std::isnan(value)) return std::int16_t{0};
        return static_cast<std::int16_t>(std::clamp(value, Real{-32768}, Real{32767}));
    };
    for (int i = 0; i < steps; ++i) {
        const Real start = call(input_low + static_cast<Real>(i) * step);
        const Real middle = call(input_low + static_cast<Real>(i) * step + half_step);
        const Real next = call(input_low + static_cast<Real>(i + 1) * step);
        const Real sample = std::round(start * inverse);
        const Real interpolated = std::round((next * inverse + sample) / Real{2});
        const Real error = interpolated - std::round(middle * inverse);
        values[static_cast<std::size_t>(i)] = stored(sample - std::round(error / Real{2}), start);
    }
    const Real last = call(input_high);
    values[steps] = stored(std::round(last * inverse), last);
    return steps_to_words(values);
}

/// Where the reference's sigmoid samples stand one above the rounded value (measured: recovered
/// from the outputs of its int16 kernels).
constexpr std::array<std::uint8_t, 44> raised_samples{
    4,  8,  12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31,  33,  34,  35,  37,  39,
    40, 41, 43, 44, 45, 46, 49, 50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255};

/// sigmoid(i / 24) in 0.16 fixed point.
const std::array<std::uint16_t, 256>& sigmoid_samples() {
    static const std::array<std::uint16_t, 256> samples = [] {
        std::array<std::uint16_t, 256> result{};
        for (std::size_t i = 0; i < result.size(); ++i) {
            const double value = 65536.0 / (1.0 + std::exp(-static_cast<double>(i) / 24.0));
            result[i] = static_cast<std::uint16_t>(std::min(std::round(value), 65535.0));
        }
        for (const std::uint8_t i : raised_samples) ++result[i];
        return result;
    }();
    return samples;
}

}  // namespace

Table8 function_table8(Function function, bool is_signed, Affine input, Affine output) {
    require_usable(input, "input");
    require_usable(output, "output");
    const float inverse = 1.0F / output.scale;
    const IntegerRange range = integer_range(8, is_signed);
    const float lowest_real = output.scale * static_cast<float>(range.low - output.zero_point);
    return fill(is_signed, [&](std::int32_t x) -> std::int64_t {
        const float real = input.scale * static_cast<float>(x - input.zero_point);
        // The reference truncates square roots.
        if (function == Function::sqrt) {
            const float root = std::sqrt(std::max(real, 0.0F)) / output.scale;
            return static_cast<std::int64_t>(std::min(root, 2e9F)) + output.zero_point;
        }
        const bool no_logarithm = function == Function::log && real <= 0.0F;
        const float rescaled =
            std::round((no_logarithm ? lowest_real : evaluate(function, real)) * inverse);
        if (std::isnan(rescaled)) return range.low;
        const float bounded = std::clamp(rescaled, -2e9F, 2e9F);
        return static_cast<std::int64_t>(bounded) + output.zero_point;
    });
}

Table8 hard_swish_table8(bool is_signed, Affine input, Affine output) {
    require_usable(input, "input");
    require_usable(output, "output");
    const float fine_scale = input.scale * (1.0F / 128.0F);
    const Multiplier to_output = quantise(static_cast<double>(fine_scale / output.scale));
    const Multiplier to_relu = quantise(static_cast<double>(fine_scale / (3.0F / 32768.0F)));
    const std::int16_t output_multiplier = high_half(to_output.multiplier);
    const std::int16_t relu_multiplier = high_half(to_relu.multiplier);
    const int output_right = std::max(to_output.shift - 31, 0);
    return fill(is_signed, [&](std::int32_t x) -> std::int64_t {
        const std::int16_t fine = saturate16(std::int64_t{x - input.zero_point} * 128);
        const std::int16_t unshifted = rounding_mul16(fine, output_multiplier);
        std::int16_t relu = fine;
        // All but the last bit of a left shift comes first, so that saturation is not lost.
        if (to_relu.shift < 31) {
            relu = saturate16(std::int64_t{relu} * (std::int64_t{1} << (30 - to_relu.shift)));
        }
        relu = rounding_mul16(relu, relu_multiplier);
        if (to_relu.shift < 31) relu = saturate16(std::int64_t{relu} * 2);
        if (to_relu.shift > 31) {
            relu = rounding_divide16(relu, to_relu.shift - 31);
        }
        const auto zero_to_one = static_cast<std::int16_t>((relu + (1 << 15)) >> 1);
        const std::int16_t product = truncating_mul16(zero_to_one, unshifted);
        return rounding_divide16(product, output_right) + std::int64_t{output.zero_point};
    });
}

Table8 leaky_relu_table8(bool is_signed, Affine input, Affine output, float alpha) {
    require_usable(input, "input");
    require_usable(output, "output");
    if (!std::isfinite(alpha)) {
        throw InvalidModel(fmt::format("alpha of LEAKY_RELU = {}: must be finite", alpha));
    }
    const Multiplier above = quantise(static_cast<double>(input.scale / output.scale));
    const Multiplier below =
        quantise(static_cast<double>(std::fabs(input.scale * alpha / output.scale)));
    const std::int32_t sign = alpha < 0.0F ? -1 : 1;
    return fill(is_signed, [&](std::int32_t x) -> std::int64_t {
        const std::int32_t value = x - input.zero_point;
        const std::int32_t scaled = value >= 0 ? multiply_by_quantised(value, above)
                                               : multiply_by_quantised(sign * value, below);
        return std::int64_t{scaled} + output.zero_point;
    });
}

Table8 rsqrt_table8(Affine input, Affine output) {
    require_usable(input, "input");
    require_usable(output, "output");
    constexpr int integer_bits = 20;
    Multiplier scale = quantise(1.0 / static_cast<double>(std::sqrt(input.scale) * output.scale));
    scale.shift += integer_bits;
    return fill(true, [&](std::int32_t x) -> std::int64_t {
        const std::int32_t value = x - input.zero_point;
        if (value <= 0) return 127;
        const InverseSquareRoot root = inverse_square_root(value);
        const std::int32_t fixed = multiply_by_quantised(
            1, {static_cast<std::uint32_t>(root.significand), 31 - root.exponent - integer_bits});
        return std::int64_t{multiply_by_quantised(fixed, scale)} + output.zero_point;
    });
}

Table8To32 softmax_exp_table8(float beta, float input_scale) {
    require_usable({input_scale, 0}, "input");
    constexpr int integer_bits = 5;
    const double wanted = static_cast<double>(beta) * static_cast<double>(input_scale) *
                          static_cast<double>(std::int32_t{1} << (31 - integer_bits));
    const Multiplier scale = quantise(std::min(wanted, 2147483647.0));
    const int left = 31 - scale.shift;
    const double radius =
        std::floor(31.0 * std::ldexp(1.0, 31 - integer_bits) / std::ldexp(1.0, left));
    Table8To32 table{};
    for (int i = 0; i < 256; ++i) {
        const int difference = i - 255;
        if (difference < -radius) continue;
        table[static_cast<std::size_t>(i)] =
            exp_on_negative_values(multiply_by_quantised(difference, scale));
    }
    return table;
}

Table16 function_table16(Function function, Affine input, Affine output) {
    require_usable(input, "input");
    require_usable(output, "output");
    const float lowest_real = output.scale * static_cast<float>(-32768 - output.zero_point);
    const float highest_real = output.scale * static_cast<float>(32767 - output.zero_point);
    return sample16(input.scale, input.zero_point, output.scale, output.zero_point, [&](float x) {
        if (function == Function::log && x <= 0.0F) return lowest_real;
        if (function == Function::rsqrt && x <= 0.0F) return highest_real;
        return evaluate(function, x);
    });
}

Table16 softmax_exp_table16() {
    return sample16(10.0 / 65535.0, 32767, 2.0 / 65535.0, 0, [](double x) { return std::exp(x); });
}

Table16 softmax_reciprocal_table16() {
    return sample16(1.0 / 65535.0, -32768, 2.0 / 65535.0, 0,
                    [](double x) { return 1.0 / (1.0 + x); });
}

std::int16_t look_up16(const Table16& table, std::int16_t value) {
    const auto index = static_cast<unsigned>(256 + (value >> 7));
    const auto base = static_cast<std::int16_t>(table[index] & 0xFFFFU);
    const auto slope = static_cast<std::int16_t>(table[index] >> 16);
    const std::int32_t delta = (std::int32_t{slope} * (value & 0x7F) + 64) >> 7;
    return static_cast<std::int16_t>(base + delta);
}

std::int16_t logistic16(std::int32_t scaled) {
    const std::uint64_t magnitude = static_cast<std::uint64_t>(std::abs(std::int64_t{scaled}));
    const std::uint64_t index = magnitude >> 9;
    std::int64_t result = std::int64_t{0x7FFF} << 10;
    if (index < 255) {
        const auto& samples = sigmoid_samples();
        const std::int64_t low = samples[index];
        const std::int64_t high = samples[index + 1];
        result = (low << 9) + static_cast<std::int64_t>(magnitude & 0x1FF) * (high - low);
    }
    result = scaled >= 0 ? result + (1 << 9) : (std::int64_t{1} << 25) - result + (1 << 9) - 1;
    return static_cast<std::int16_t>(result >> 10);
}

std::int16_t tanh16(std::int32_t scaled) {
    const std::uint64_t magnitude = static_cast<std::uint64_t>(std::abs(std::int64_t{scaled}));
    const std::uint64_t index = magnitude >> 8;
    std::int64_t result = std::int64_t{0xFFFF} << 8;
    if (index < 255) {
        const auto& samples = sigmoid_samples();
        const std::int64_t low = samples[index];
        const std::int64_t high = samples[index + 1];
        result = (low << 8) + static_cast<std::int64_t>(magnitude & 0xFF) * (high - low);
    }
    constexpr std::int64_t half = std::int64_t{1} << 23;
    result = scaled >= 0 ? result - half + (1 << 7) : half - result + (1 << 7) - 1;
    return static_cast<std::int16_t>(result >> 8);
}

}  // namespace u65sim::arith
