// The fields of the compressed weight stream, as encoder and decoder share them (register
// description of Ethos-U55/U65: one format for all of them).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace u65sim::weights {

inline constexpr int largest_weight = 255;  ///< 9 bit sign and magnitude
inline constexpr std::uint32_t code_count = 512;
inline constexpr std::uint32_t largest_palette = 32;
inline constexpr std::uint32_t largest_direct_offset = 31;
inline constexpr std::uint32_t smallest_entry_bits = 2;

// Widths of the slice header's fields, in stream order.
inline constexpr int zero_divisor_bits = 3;
inline constexpr int slice_length_bits = 15;
inline constexpr int weight_divisor_bits = 3;
inline constexpr int flag_bits = 1;
inline constexpr int slice_header_bits =
    zero_divisor_bits + slice_length_bits + weight_divisor_bits + 2 * flag_bits;
inline constexpr int direct_offset_bits = 5;
inline constexpr int palette_size_bits = 5;
inline constexpr int entry_width_bits = 3;
inline constexpr int palette_header_bits =
    direct_offset_bits + palette_size_bits + entry_width_bits;

// Values of the divisor fields.
inline constexpr std::uint32_t largest_zero_divisor = 4;
inline constexpr std::uint32_t no_zero_runs = 6;
inline constexpr std::uint32_t end_of_stream = 7;
inline constexpr std::uint32_t largest_weight_divisor = 5;
inline constexpr std::uint32_t uncompressed = 7;

inline constexpr std::uint32_t largest_quotient = 31;
inline constexpr std::uint32_t largest_truncated_quotient = 2;

// Chunks: the unit in which weights and zero runs take turns.
inline constexpr std::uint32_t weight_chunk_bits = 12;
inline constexpr std::int64_t throttle_distance = 8;  ///< weights may lead the runs by so many
inline constexpr std::size_t stream_alignment = 16;

/// Unary bits of zero runs in one chunk.
constexpr std::uint32_t zero_chunk_bits(std::uint32_t zero_divisor) {
    return zero_divisor < 3 ? 12 : 8;
}
/// Uncompressed indices in one chunk.
constexpr std::uint32_t uncompressed_chunk(std::uint32_t index_bits) {
    return index_bits > 5 ? 8 : 12;
}

/// Sign in bit 0, magnitude above; |weight| <= 255.
constexpr std::uint16_t code_of(int weight) {
    return static_cast<std::uint16_t>(weight < 0 ? -2 * weight + 1 : 2 * weight);
}
constexpr std::int16_t weight_of(std::uint32_t code) {
    const auto magnitude = static_cast<std::int16_t>(code >> 1);
    return (code & 1) != 0 ? static_cast<std::int16_t>(-magnitude) : magnitude;
}

/// How indices become codes: palette entries first, then direct codes from direct_offset on.
struct Palette {
    std::uint32_t direct_offset = 0;
    std::uint32_t size = 0;  ///< 0, or 2..32
    std::uint32_t entry_bits = smallest_entry_bits;
    std::array<std::uint16_t, largest_palette> entries{};

    /// Bits of an uncompressed index.
    [[nodiscard]] constexpr std::uint32_t index_bits() const {
        if (size == 0) return entry_bits;
        std::uint32_t bits = 1;
        while ((1U << bits) < size) ++bits;
        return bits;
    }
};

/// The part of a slice's header that may change without a new palette.
struct SliceMode {
    std::uint32_t zero_divisor = no_zero_runs;
    std::uint32_t weight_divisor = 0;  ///< or `uncompressed`
    bool truncated = false;
    [[nodiscard]] constexpr bool zero_runs() const { return zero_divisor <= largest_zero_divisor; }
    friend constexpr bool operator==(SliceMode, SliceMode) = default;
};

}  // namespace u65sim::weights
