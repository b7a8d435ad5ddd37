// The logarithm of the reference kernels: a rational approximation around a power of two.
#include <algorithm>
#include <bit>
#include <limits>

#include "arith/fixed_point.hpp"

namespace u65sim::arith {
namespace {

constexpr std::int32_t highest = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t lowest = std::numeric_limits<std::int32_t>::min();

constexpr int input_bits = 12;  ///< integer bits of the argument
constexpr int result_bits = 5;  ///< of the result
constexpr int wide_bits = 6;    ///< of sums that lead to it: one bit of headroom

// Constants in Q0.31; a is the fourth root of 2.
constexpr std::int32_t log_2 = 1488522236;
constexpr std::int32_t root_of_root_half = 1805811301;
constexpr std::int32_t root_half = 1518500250;
constexpr std::int32_t quarter = 536870912;
constexpr std::int32_t alpha_n = 117049297;   ///< 11 a / 240
constexpr std::int32_t alpha_d = 127690142;   ///< a / 20
constexpr std::int32_t alpha_i = 1057819769;  ///< 2 / a - a
constexpr std::int32_t alpha_f = 638450708;   ///< a / 4

std::int32_t mul(std::int32_t a, std::int32_t b) {
    return saturating_rounding_doubling_high_mul(a, b);
}
std::int32_t saturate(std::int64_t value) {
    return static_cast<std::int32_t>(
        std::clamp(value, std::int64_t{lowest}, std::int64_t{highest}));
}
int leading_zeros(std::int32_t value) {
    return std::countl_zero(static_cast<std::uint32_t>(value));
}
std::int32_t half_sum(std::int32_t a, std::int32_t b) {
    const std::int64_t sum = std::int64_t{a} + b;
    return static_cast<std::int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
}

}  // namespace

std::int32_t log_of_q12(std::int32_t value) {
    const std::int32_t wide_quarter = rescale_by_pot(quarter, -wide_bits);
    // Two ways to take a power of two out; the second is half a power lower.
    const int zeros_a = leading_zeros(value);
    const std::int32_t rest_a =
        rescale_by_pot(mul(rescale_by_pot(value, zeros_a - 1), root_half), 1);
    const std::int32_t power_a =
        saturate(std::int64_t{rescale_by_pot(input_bits - zeros_a, 31 - wide_bits)} + wide_quarter);
    const int headroom_b = leading_zeros(mul(value, root_half)) - 1;
    const std::int32_t rest_b = rescale_by_pot(value, headroom_b);
    const std::int32_t power_b = saturate(
        std::int64_t{rescale_by_pot(input_bits - headroom_b, 31 - wide_bits)} - wide_quarter);
    const std::int32_t rest = std::min(rest_a, rest_b);
    const std::int32_t power = std::max(power_a, power_b);

    const std::int32_t p = half_sum(rest, root_of_root_half);
    const std::int32_t q = 2 * (rest - root_of_root_half);
    const std::int32_t square = mul(q, q);
    const std::int32_t numerator = mul(q, rest) + mul(mul(q, square), alpha_n);
    const std::int32_t denominator = mul(p, alpha_i + q + mul(alpha_d, square)) + mul(alpha_f, q);
    const std::int32_t quotient =
        mul(rescale_by_pot(numerator, -wide_bits), one_over_one_plus_x(denominator));
    return rescale_by_pot(mul(power, log_2) + quotient, wide_bits - result_bits);
}

}  // namespace u65sim::arith
