// Codes with a bit for each that says whether it is zero: runs of zeros and the weights between
// them are found a word at a time.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "weights/words.hpp"

namespace u65sim::weights {

inline constexpr std::size_t word_bits = 64;

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
    /// Where the `n`th set bit stands, the first being 1; there are as many.
    static std::size_t nth_of(std::uint64_t set, std::uint32_t n) {
        std::size_t at = n - 1;
        const auto clear = static_cast<std::uint32_t>(std::popcount(~set));
        if (clear < n) {  // past the clear ones in front of it, which are fewer
            for (std::uint64_t gaps = ~set; gaps != 0; gaps &= gaps - 1, ++at) {
                if (static_cast<std::size_t>(std::countr_zero(gaps)) > at) break;
            }
            return at;
        }
        for (; n > 1; --n) set &= set - 1;
        return static_cast<std::size_t>(std::countr_zero(set));
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
