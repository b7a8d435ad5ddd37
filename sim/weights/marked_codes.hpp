// Codes with a bit for each that says whether it is zero: runs of zeros and the weights between
// them are found a word at a time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "weights/words.hpp"

namespace u65sim::weights {

inline constexpr std::size_t word_bits = 64;

/// Where a byte's set bits stand: by how many are in front, then by byte.
inline constexpr auto nth_of_byte = [] {
    std::array<std::array<std::uint8_t, 256>, 8> table{};
    for (std::size_t byte = 0; byte < 256; ++byte) {
        std::size_t in_front = 0;
        for (std::uint8_t bit = 0; bit < 8; ++bit) {
            if ((byte >> bit & 1) != 0) table[in_front++][byte] = bit;
        }
    }
    return table;
}();

/// Some of the codes that a CodeMarker has marked, as long as it keeps them.
class MarkedCodes {
public:
    MarkedCodes(const std::uint16_t* codes, const std::uint64_t* words, std::size_t first,
                std::size_t size)
        : codes_(codes), words_(words), first_(first), size_(size) {}

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::span<const std::uint16_t> codes() const { return {codes_ + first_, size_}; }
    [[nodiscard]] MarkedCodes from_to(std::size_t begin, std::size_t end) const {
        return {codes_, words_, first_ + begin, end - begin};
    }
    /// A set bit for each zero among the 64 codes from `at` on, the first one the lowest; none
    /// behind the last code.
    [[nodiscard]] std::uint64_t zeros(std::size_t at) const { return bits(at, 0) & within(at); }
    /// The same for the others.
    [[nodiscard]] std::uint64_t nonzeros(std::size_t at) const {
        return bits(at, ~std::uint64_t{0}) & within(at);
    }
    /// Behind the `count`th code from `begin` on that is not zero, or behind all; `count` becomes
    /// what was missing then.
    [[nodiscard]] std::size_t skip(std::size_t begin, std::uint32_t& count) const {
        for (std::size_t at = begin; at < size_; at += word_bits) {
            const std::uint64_t others = nonzeros(at);
            const auto here = static_cast<std::uint32_t>(std::popcount(others));
            if (here >= count) {
                const std::size_t end = at + nth_of(others, count) + 1;
                count = 0;
                return end;
            }
            count -= here;
        }
        return size_;
    }

private:
    [[nodiscard]] std::uint64_t bits(std::size_t at, std::uint64_t flip) const {
        const std::size_t place = first_ + at, word = place / word_bits, shift = place % word_bits;
        const std::uint64_t next = (words_[word + 1] ^ flip) << 1 << (word_bits - 1 - shift);
        return (words_[word] ^ flip) >> shift | next;
    }
    [[nodiscard]] std::uint64_t within(std::size_t at) const {
        const std::size_t left = size_ - at;
        return left < word_bits ? low_bits(static_cast<std::uint32_t>(left)) : ~std::uint64_t{0};
    }
    /// Where the `n`th set bit stands, the first being 1; there are as many. Without branches,
    /// which nobody could foretell: first its byte, then its place there.
    static std::size_t nth_of(std::uint64_t set, std::uint32_t n) {
        constexpr std::uint64_t ones = 0x0101010101010101, highest = ones * 0x80;
        // Of each byte, then of all up to it.
        std::uint64_t sums = set - (set >> 1 & ones * 0x55);
        sums = (sums & ones * 0x33) + (sums >> 2 & ones * 0x33);
        sums = ((sums + (sums >> 4)) & ones * 0x0F) * ones;
        const std::uint64_t in_front = ((ones * (n - 1) | highest) - sums) & highest;
        const std::size_t begin = ((in_front >> 7) * ones >> 56) * 8;
        const std::uint64_t others = sums << 8 >> begin & 0xFF;
        return begin + nth_of_byte[n - 1 - others][set >> begin & 0xFF];
    }

    const std::uint16_t* codes_;
    const std::uint64_t* words_;
    std::size_t first_, size_;
};

/// Marks codes; its memory serves the next ones.
class CodeMarker {
public:
    /// Those marked before are forgotten; the codes must stay where they are.
    MarkedCodes mark(std::span<const std::uint16_t> codes);

private:
    std::vector<std::uint64_t> words_;
};

}  // namespace u65sim::weights
