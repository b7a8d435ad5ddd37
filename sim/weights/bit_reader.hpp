// Bits of a byte sequence, least significant first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "weights/words.hpp"

namespace u65sim::weights {

class BitReader {
public:
    explicit BitReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    [[nodiscard]] std::uint64_t position() const { return position_; }
    [[nodiscard]] std::uint64_t left() const {
        return std::uint64_t{bytes_.size()} * 8 - position_;
    }

    /// The next `count` bits, at most 56. Throws InvalidStream when fewer are left.
    std::uint32_t take(std::uint32_t count) { return static_cast<std::uint32_t>(take_wide(count)); }
    std::uint64_t take_wide(std::uint32_t count) {
        if (count > left()) {
            throw InvalidStream(fmt::format(
                "weight stream, bit {}: ends inside a slice: {} more bits needed, {} left",
                position_, count, left()));
        }
        const std::uint64_t bits = word() >> (position_ % 8);
        position_ += count;
        return bits & low_bits(count);
    }
    void skip_to_byte() { position_ = (position_ + 7) / 8 * 8; }

private:
    /// The eight bytes from the current one on; zeros behind the end.
    [[nodiscard]] std::uint64_t word() const {
        const auto first = static_cast<std::size_t>(position_ / 8);
        if (first + 8 <= bytes_.size()) return load_word(bytes_.data() + first);
        std::uint64_t bits = 0;
        const std::size_t count = std::min<std::size_t>(8, bytes_.size() - first);
        for (std::size_t i = 0; i < count; ++i) {
            bits |= std::uint64_t{bytes_[first + i]} << (8 * i);
        }
        return bits;
    }

    std::span<const std::uint8_t> bytes_;
    std::uint64_t position_ = 0;
};

}  // namespace u65sim::weights
