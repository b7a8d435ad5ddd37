#include "arith/fixed_point16.hpp"

#include <algorithm>
#include <array>

#include "arith/scaling.hpp"

namespace u65sim::arith {
namespace {

constexpr std::int16_t highest = 32767;

/// value * 2^exponent, saturating; negative exponents divide with rounding.
std::int16_t by_pot(std::int16_t value, int exponent) {
    if (exponent < 0) return saturate16(rounding_divide_by_pot(value, -exponent));
    return saturate16(std::int64_t{value} << exponent);
}

std::int16_t difference(int a, int b) { return saturate16(std::int64_t{a} - b); }

/// exp on [-1/4, 0), without integer bits: a Taylor polynomial around -1/8.
std::int16_t exp_near_minus_one_eighth(std::int16_t value) {
    constexpr std::int16_t exp_minus_one_eighth = 28918;
    constexpr std::int16_t one_third = 10923;
    const auto x = static_cast<std::int16_t>(value + (1 << 12));
    const std::int16_t x2 = rounding_mul16(x, x);
    const std::int16_t x3 = rounding_mul16(x2, x);
    const std::int16_t x4_over_4 = by_pot(rounding_mul16(x2, x2), -2);
    const std::int16_t tail =
        by_pot(saturate16(rounding_mul16(saturate16(x4_over_4 + x3), one_third) + x2), -1);
    return saturate16(exp_minus_one_eighth +
                      rounding_mul16(exp_minus_one_eighth, saturate16(x + tail)));
}

/// exp of a value up to 0 with `integer_bits`, without integer bits.
std::int16_t exp_on_negative_values(std::int16_t value, int integer_bits) {
    if (value >= 0) return highest;
    const int fraction_bits = 15 - integer_bits;
    const int quarter = 1 << (fraction_bits - 2);
    const int rest = (value & (quarter - 1)) - quarter;
    if (integer_bits > 5 && value < -(1 << (fraction_bits + 5))) return 0;
    std::int16_t result =
        exp_near_minus_one_eighth(by_pot(static_cast<std::int16_t>(rest), integer_bits));
    const auto quarters = static_cast<unsigned>(rest - value);
    // exp(-2^k) for k = -2, -1, ... 4.
    constexpr std::array<std::int16_t, 7> powers{25520, 19875, 12055, 4435, 600, 11, 0};
    for (std::size_t i = 0; i < powers.size(); ++i) {
        const int bit = fraction_bits - 2 + static_cast<int>(i);
        if (bit < 15 && (quarters >> bit & 1U) != 0) result = rounding_mul16(result, powers[i]);
    }
    return result;
}

/// 1 / ((1 + x) / 2) of a value in 0..1, with 2 integer bits: three steps of Newton and Raphson.
struct Reciprocal {
    std::int16_t value;
    explicit Reciprocal(std::int16_t x) {
        constexpr std::int16_t f48_over_17 = 23130;
        constexpr std::int16_t minus_32_over_17 = -15420;
        constexpr int one = 1 << 13;
        const auto half_denominator = static_cast<std::int16_t>((x + highest + 1) / 2);
        value = saturate16(f48_over_17 + rounding_mul16(half_denominator, minus_32_over_17));
        for (int step = 0; step < 3; ++step) {
            const std::int16_t error = difference(one, rounding_mul16(half_denominator, value));
            value = saturate16(value + by_pot(rounding_mul16(value, error), 2));
        }
    }
};

std::int16_t negative_magnitude(std::int16_t value) {
    return value > 0 ? static_cast<std::int16_t>(-value) : value;
}

}  // namespace

std::int16_t saturate16(std::int64_t value) {
    return static_cast<std::int16_t>(std::clamp<std::int64_t>(value, -32768, 32767));
}

std::int16_t rounding_mul16(std::int16_t a, std::int16_t b) {
    return saturate16((std::int32_t{a} * std::int32_t{b} + (1 << 14)) >> 15);
}

std::int16_t fixed_logistic16(std::int16_t value) {
    if (value == 0) return 1 << 14;
    const std::int16_t power = exp_on_negative_values(negative_magnitude(value), 3);
    const std::int16_t positive = by_pot(Reciprocal{power}.value, 1);
    return value > 0 ? positive : difference(highest, positive);
}

std::int16_t fixed_tanh16(std::int16_t value, int integer_bits) {
    if (value == 0) return 0;
    // exp(-2|x|): the same raw value with one integer bit more.
    const std::int16_t power = exp_on_negative_values(negative_magnitude(value), integer_bits + 1);
    const std::int16_t positive = by_pot(difference(Reciprocal{power}.value, 1 << 13), 2);
    return value > 0 ? positive : static_cast<std::int16_t>(-positive);
}

}  // namespace u65sim::arith
