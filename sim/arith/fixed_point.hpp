// Fixed-point functions as the reference kernels of TensorFlow Lite compute them (gemmlowp's
// formats: Qm.n has m integer bits, a sign and n = 31 - m fraction bits).
#pragma once

#include <cstdint>

#include "arith/scaling.hpp"

namespace u65sim::arith {

/// value * 2^exponent, saturating to 32 bits; negative exponents divide with rounding.
std::int32_t rescale_by_pot(std::int32_t value, int exponent);
/// exp of a Q5.26 value in -32..0, as Q0.31. Positive arguments count as 0.
std::int32_t exp_on_negative_values(std::int32_t value);
/// 1 / (1 + x) of a Q0.31 value in 0..1, as Q0.31.
std::int32_t one_over_one_plus_x(std::int32_t value);
/// Natural logarithm of a Q12.19 value of at least 1, as Q5.26.
std::int32_t log_of_q12(std::int32_t value);
/// 1 / sqrt(value) = significand / 2^31 * 2^exponent; 0 counts as 1.
struct InverseSquareRoot {
    std::int32_t significand = 0;
    int exponent = 0;
};
InverseSquareRoot inverse_square_root(std::int32_t value);
/// TensorFlow Lite's rescale: value times scale with its two roundings, saturated to 32 bits.
std::int32_t multiply_by_quantised(std::int32_t value, Multiplier scale);

}  // namespace u65sim::arith
