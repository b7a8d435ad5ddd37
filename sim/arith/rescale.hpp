// Multipliers and limits that the compiler and the CPU kernels must agree on.
#pragma once

#include <cstdint>

#include <u65sim/graph.hpp>

#include "arith/scaling.hpp"

namespace u65sim::arith {

/// Lowest and highest raw value, both included.
struct ValueRange {
    std::int32_t low = 0, high = 0;
};
/// What a fused clamp lets through on an output of this quantisation; other activations than
/// clamps leave the range as it is.
ValueRange activation_range(Activation activation, float scale, std::int32_t zero_point,
                            ValueRange range);

/// How TensorFlow Lite scales the sums of convolutions and fully connected layers: uint8
/// convolutions take the product of scales in float, all others in double; int16 convolutions with
/// a 64-bit bias keep 16 bits of the multiplier.
struct ChannelScaling {
    float input = 1.0F, output = 1.0F;
    bool product_in_float = false;
    bool narrow = false;
    std::int64_t largest = 0;  ///< of a fully connected result, without its zero point; else 0

    /// The factor before it becomes a multiplier, as fully connected layers use it.
    [[nodiscard]] double factor(float weight) const;
    [[nodiscard]] Multiplier multiplier(float weight) const;
};
/// The rules for `op` on an input of this type; `bias` may be null.
ChannelScaling channel_scaling(OpType op, const Tensor& input, const Tensor* bias,
                               const Tensor& output);

/// The multiplier of sums that the reference scales in double and rounds once, halves away from
/// zero. Where results of at most `largest` in magnitude can be halves, which only fractions of
/// small numbers make, it lies just above the factor: rounding to nearest then takes halves of
/// either sign away from zero.
Multiplier multiplier_for_halves(double factor, std::int64_t largest);

/// Whether SUM rounds to the nearest, halves away from zero. LiteRT's reference kernel does so in
/// two steps on uint8 and takes other types for uint8; its other kernel, which people see, does so
/// at once.
bool sum_rounds_once(const Tensor& input);

/// Whether convolutions round their scaled sums once: on int16 with 64-bit sums. `bias` may be
/// null.
bool rounds_once(const Tensor& input, const Tensor* bias);

}  // namespace u65sim::arith
