// 64 bits in little-endian memory.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace u65sim::weights {

inline std::uint64_t load_word(const std::uint8_t* from) {
    std::uint64_t word = 0;
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(&word, from, 8);
    } else {
        for (std::size_t i = 0; i < 8; ++i) word |= std::uint64_t{from[i]} << (8 * i);
    }
    return word;
}

inline void store_word(std::uint8_t* to, std::uint64_t word) {
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(to, &word, 8);
    } else {
        for (std::size_t i = 0; i < 8; ++i) to[i] = static_cast<std::uint8_t>(word >> (8 * i));
    }
}

/// The lowest `count` (0..63) bits.
constexpr std::uint64_t low_bits(std::uint32_t count) { return (std::uint64_t{1} << count) - 1; }

}  // namespace u65sim::weights
