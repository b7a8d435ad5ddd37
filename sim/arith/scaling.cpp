#include "arith/scaling.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::arith {
namespace {

__extension__ using Wide = __int128;
constexpr int max_register_shift = 63;

std::int64_t saturate(Wide value) {
    constexpr Wide low = std::numeric_limits<std::int64_t>::min();
    constexpr Wide high = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::clamp(value, low, high));
}

std::int64_t shifted_left(Wide product, int amount) {
    constexpr int beyond_any_result = 64;
    if (product == 0) return 0;
    if (amount >= beyond_any_result) {
        return product > 0 ? std::numeric_limits<std::int64_t>::max()
                           : std::numeric_limits<std::int64_t>::min();
    }
    // First to 64 bits, so that the multiplication below stays within 128.
    return saturate(Wide{saturate(product)} * (Wide{1} << std::min(amount, 62)) *
                    (amount > 62 ? 2 : 1));
}

}  // namespace

Multiplier quantise(double scale) {
    if (!std::isfinite(scale) || scale < 0.0) {
        throw InvalidModel(fmt::format("scale = {}: must be finite and not negative", scale));
    }
    if (scale == 0.0) return {0, 31};
    // A significand of 53 bits, the highest of them 1 and not stored, rounded to 31; scales too
    // small for one have shifts that are too large anyway.
    constexpr int stored = 52, dropped = 22;
    constexpr std::uint64_t one = std::uint64_t{1} << stored;
    const auto bits = std::bit_cast<std::uint64_t>(scale);
    const int shift = 31 + 1022 - static_cast<int>(bits >> stored);
    if (shift < 0 || shift > max_register_shift) return {0, 16};
    const std::uint64_t significand = (bits & (one - 1)) | one;
    return {
        static_cast<std::uint32_t>((significand + (std::uint64_t{1} << (dropped - 1))) >> dropped),
        shift};
}

Multiplier reduce_to_16_bits(Multiplier full) {
    constexpr std::uint32_t largest = 32767;
    if (full.shift < 16 || full.shift > max_register_shift) return {0, 16};
    const std::uint32_t rounded = full.multiplier >= (largest << 16)
                                      ? largest
                                      : (full.multiplier + (std::uint32_t{1} << 15)) >> 16;
    return {rounded, full.shift - 16};
}

std::int64_t round_shift(std::int64_t value, std::uint32_t multiplier, int shift,
                         RoundingMode mode) {
    const Wide product = Wide{value} * Wide{multiplier};
    if (shift <= 0) return shifted_left(product, shift < -128 ? 128 : -shift);
    if (shift > 120) return 0;
    const Wide one = 1;
    if (mode == RoundingMode::truncate) return saturate(product / (one << shift));
    Wide nudge = one << (shift - 1);
    // The first of TensorFlow Lite's two roundings happens at bit 31.
    if (mode == RoundingMode::tfl && shift > 31) {
        nudge += value >= 0 ? (one << 30) : -(one << 30);
    }
    return saturate((product + nudge) >> shift);
}

std::int32_t saturating_rounding_doubling_high_mul(std::int32_t a, std::int32_t b) {
    constexpr std::int32_t lowest = std::numeric_limits<std::int32_t>::min();
    if (a == lowest && b == lowest) return std::numeric_limits<std::int32_t>::max();
    const std::int64_t product = std::int64_t{a} * std::int64_t{b};
    const std::int64_t half = std::int64_t{1} << 30;
    const std::int64_t nudge = product >= 0 ? half : 1 - half;
    return static_cast<std::int32_t>((product + nudge) / (std::int64_t{1} << 31));
}

std::int32_t rounding_divide_by_pot(std::int32_t value, int exponent) {
    if (exponent <= 0) return value;
    if (exponent > 31) return 0;
    const std::int64_t mask = (std::int64_t{1} << exponent) - 1;
    const std::int64_t remainder = value & mask;
    const std::int64_t threshold = (mask >> 1) + (value < 0 ? 1 : 0);
    return static_cast<std::int32_t>((value >> exponent) + (remainder > threshold ? 1 : 0));
}

}  // namespace u65sim::arith
