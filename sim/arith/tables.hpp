// Contents of the look-up tables that stand for activation functions, bit-exact to the reference
// kernels of TensorFlow Lite. Entry 0 belongs to the lowest input: -128 (or -32768) when signed.
#pragma once

#include <array>
#include <cstdint>

namespace u65sim::arith {

/// real = scale * (quantised - zero_point), one pair for the whole tensor.
struct Affine {
    float scale = 1.0F;
    std::int32_t zero_point = 0;
};

enum class Function : std::uint8_t {
    logistic,
    tanh,
    exp,
    log,
    sqrt,
    rsqrt,            ///< on 16 bits; 8 bits have rsqrt_table8()
    elu,              ///< expm1(x) below zero
    gelu,             ///< with the error function
    gelu_approximate  ///< with tanh
};

/// Raw output bytes for the 256 raw 8-bit inputs; input and output share their signedness.
using Table8 = std::array<std::uint8_t, 256>;
/// Raw outputs for an 8-bit index, as an int32 feature map takes them.
using Table8To32 = std::array<std::int32_t, 256>;
/// 512 words: low half the value at the step's start, high half the rise to the next step.
using Table16 = std::array<std::uint32_t, 512>;

/// A function of one real number, computed in single precision as the reference does. Throws
/// InvalidModel for scales that are not positive and finite (all functions of this header do).
Table8 function_table8(Function function, bool is_signed, Affine input, Affine output);
/// x * relu6(x + 3) / 6 in the reference's 16-bit integer steps.
Table8 hard_swish_table8(bool is_signed, Affine input, Affine output);
/// Slope 1 above zero, alpha below, each as its own quantised multiplier.
Table8 leaky_relu_table8(bool is_signed, Affine input, Affine output, float alpha);
/// 1 / sqrt(x) in the reference's integer steps, int8 only; inputs up to the zero point give 127.
Table8 rsqrt_table8(Affine input, Affine output);

/// exp(beta * scale * (index - 255)) in Q0.31: the first step of an 8-bit softmax.
Table8To32 softmax_exp_table8(float beta, float input_scale);

/// A function for int16 with 512 steps and the reference's correction of the midpoint error.
Table16 function_table16(Function function, Affine input, Affine output);
/// The two fixed tables of the 16-bit softmax: exp on -10..0, and 1/(1+x) on 0..1, both to 0..1.
Table16 softmax_exp_table16();
Table16 softmax_reciprocal_table16();

/// One 16-bit look-up with interpolation over the low 7 bits.
std::int16_t look_up16(const Table16& table, std::int16_t value);

/// The output unit's own functions for int16: input is real * 12288 (that is 3 * 4096), the result
/// is real * 32768. Both interpolate one 256-entry sigmoid table.
std::int16_t logistic16(std::int32_t scaled);
std::int16_t tanh16(std::int32_t scaled);

}  // namespace u65sim::arith
