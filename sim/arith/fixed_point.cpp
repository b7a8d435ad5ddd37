#include "arith/fixed_point.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace u65sim::arith {
namespace {

constexpr std::int32_t highest = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t lowest = std::numeric_limits<std::int32_t>::min();

std::int32_t clamp32(std::int64_t value) {
    return static_cast<std::int32_t>(
        std::clamp(value, std::int64_t{lowest}, std::int64_t{highest}));
}

std::int32_t high_mul(std::int32_t a, std::int32_t b) {
    return saturating_rounding_doubling_high_mul(a, b);
}

std::int32_t wrapping_add(std::int32_t a, std::int32_t b) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

/// exp on [-1/4, 0), Q0.31 to Q0.31: a Taylor polynomial around -1/8.
std::int32_t exp_near_minus_one_eighth(std::int32_t value) {
    constexpr std::int32_t exp_minus_one_eighth = 1895147668;
    constexpr std::int32_t one_third = 715827883;
    const std::int32_t x = value + (std::int32_t{1} << 28);
    const std::int32_t x2 = high_mul(x, x);
    const std::int32_t x3 = high_mul(x2, x);
    const std::int32_t x4_over_4 = rounding_divide_by_pot(high_mul(x2, x2), 2);
    const std::int32_t tail = rounding_divide_by_pot(high_mul(x4_over_4 + x3, one_third) + x2, 1);
    return exp_minus_one_eighth + high_mul(exp_minus_one_eighth, x + tail);
}

}  // namespace

std::int32_t rescale_by_pot(std::int32_t value, int exponent) {
    if (exponent < 0) return rounding_divide_by_pot(value, exponent < -63 ? 63 : -exponent);
    if (exponent > 31) exponent = 32;
    return clamp32(std::int64_t{value} * (std::int64_t{1} << exponent));
}

std::int32_t exp_on_negative_values(std::int32_t value) {
    if (value >= 0) return highest;
    constexpr int fraction_bits = 26;
    constexpr std::int32_t quarter = std::int32_t{1} << (fraction_bits - 2);
    const std::int32_t rest = (value & (quarter - 1)) - quarter;
    std::int32_t result = exp_near_minus_one_eighth(rescale_by_pot(rest, 5));
    const auto quarters = static_cast<std::uint32_t>(std::int64_t{rest} - std::int64_t{value});
    // exp(-2^k) in Q0.31 for k = -2, -1, ... 4.
    constexpr std::array<std::int32_t, 7> powers{1672461947, 1302514674, 790015084, 290630308,
                                                 39332535,   720401,     242};
    for (std::size_t i = 0; i < powers.size(); ++i) {
        if ((quarters >> (fraction_bits - 2 + static_cast<int>(i)) & 1U) != 0) {
            result = high_mul(result, powers[i]);
        }
    }
    return result;
}

std::int32_t one_over_one_plus_x(std::int32_t value) {
    constexpr std::int32_t f48_over_17 = 1515870810;        // Q2.29
    constexpr std::int32_t minus_32_over_17 = -1010580540;  // Q2.29
    constexpr std::int32_t one = std::int32_t{1} << 29;     // Q2.29
    const std::int64_t sum = std::int64_t{value} + highest;
    const auto half_denominator = static_cast<std::int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
    std::int32_t x = wrapping_add(f48_over_17, high_mul(half_denominator, minus_32_over_17));
    for (int step = 0; step < 3; ++step) {
        const std::int32_t error = wrapping_add(one, -high_mul(half_denominator, x));
        x = wrapping_add(x, rescale_by_pot(high_mul(x, error), 2));
    }
    return rescale_by_pot(x, 1);
}

InverseSquareRoot inverse_square_root(std::int32_t value) {
    if (value <= 1) return {highest, 0};
    int shift = 11;
    while (value >= (std::int32_t{1} << 29)) {
        value /= 4;
        ++shift;
    }
    const int pairs = (std::countl_zero(static_cast<std::uint32_t>(value)) - 1) / 2 - 1;
    shift -= pairs;
    value = rescale_by_pot(value, 2 * pairs);
    // Newton-Raphson in Q3.28, five steps from 1.
    const std::int32_t half_input = rounding_divide_by_pot(value >> 1, 1);
    constexpr std::int32_t three_halves = (std::int32_t{1} << 28) + (std::int32_t{1} << 27);
    std::int32_t x = std::int32_t{1} << 28;
    for (int step = 0; step < 5; ++step) {
        const std::int32_t cube = rescale_by_pot(high_mul(high_mul(x, x), x), 6);
        x = rescale_by_pot(wrapping_add(high_mul(three_halves, x), -high_mul(half_input, cube)), 3);
    }
    constexpr std::int32_t half_sqrt_2 = 1518500250;  // Q0.31
    std::int32_t significand = high_mul(x, half_sqrt_2);
    if (shift < 0) {
        significand = rescale_by_pot(significand, -shift);
        shift = 0;
    }
    return {significand, -shift};
}

std::int32_t multiply_by_quantised(std::int32_t value, Multiplier scale) {
    return clamp32(round_shift(value, scale.multiplier, scale.shift, RoundingMode::tfl));
}

}  // namespace u65sim::arith
