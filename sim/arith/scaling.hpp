// Quantised scaling as the output unit and TensorFlow Lite do it.
#pragma once

#include <cstdint>

namespace u65sim::arith {

struct Multiplier {
    std::uint32_t multiplier = 0;  ///< 31 significant bits
    int shift = 0;                 ///< value = multiplier / 2^shift
    bool operator==(const Multiplier&) const = default;
};
/// frexp form: multiplier = round_half_away(m * 2^31), shift = 31 - e; (0, 16) when shift leaves
/// 0..63.
Multiplier quantise(double scale);
/// The 16-bit form for int16 convolutions with 64-bit bias.
Multiplier reduce_to_16_bits(Multiplier full);

enum class RoundingMode : std::uint8_t { tfl, truncate, natural };
/// (value * multiplier) >> shift with the given rounding, before zero point and clamp.
std::int64_t round_shift(std::int64_t value, std::uint32_t multiplier, int shift,
                         RoundingMode mode);

/// gemmlowp's names: high 32 bits of the doubled product, and a rounding divide by 2^exponent.
std::int32_t saturating_rounding_doubling_high_mul(std::int32_t a, std::int32_t b);
std::int32_t rounding_divide_by_pot(std::int32_t value, int exponent);

}  // namespace u65sim::arith
