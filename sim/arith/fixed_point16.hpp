// Fixed-point functions on 16 bits as the reference LSTM of TensorFlow Lite computes them. A value
// with n integer bits is raw * 2^(n - 15).
#pragma once

#include <cstdint>

namespace u65sim::arith {

/// High half of the doubled product, rounded to nearest with halves upwards.
std::int16_t rounding_mul16(std::int16_t a, std::int16_t b);
/// Saturated to 16 bits.
std::int16_t saturate16(std::int64_t value);
/// 1 / (1 + exp(-x)) of a value with 3 integer bits, without integer bits.
std::int16_t fixed_logistic16(std::int16_t value);
/// tanh(x) of a value with `integer_bits` (0 to 6), without integer bits.
std::int16_t fixed_tanh16(std::int16_t value, int integer_bits);

}  // namespace u65sim::arith
