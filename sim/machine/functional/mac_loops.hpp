// The inner loops of the MAC array: plain loops over 16-bit operands that the compiler turns into
// vector code, in versions for the host's instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace u65sim::machine::functional {

/// Operand rows are padded with zeros to a multiple of this.
inline constexpr std::size_t dot_step = 16;
constexpr std::size_t padded(std::size_t length) {
    return (length + dot_step - 1) / dot_step * dot_step;
}

/// sums[p * outputs + o] = dot(patches + p * length, weights + o * length); `length` a multiple of
/// dot_step. `run` is how many products fit a 32-bit sum; longer rows are summed in 64 bits.
void dot_products(const std::int16_t* patches, std::size_t patch_count, const std::int16_t* weights,
                  std::size_t outputs, std::size_t length, std::size_t run, std::int64_t* sums);

/// sums[c] = sum over t of taps[t][c] * weights[t * channels + c]; 32 bits must hold it.
void window_products(const std::int16_t* const* taps, const std::int16_t* weights,
                     std::size_t tap_count, std::size_t channels, std::int32_t* sums);

}  // namespace u65sim::machine::functional
