// Bits into a growing byte sequence, least significant first.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "weights/words.hpp"

namespace u65sim::weights {

/// Where the next bits go; a copy in local variables writes fastest.
class BitCursor {
public:
    /// Most bits of one put().
    static constexpr std::uint32_t most = 56;

    BitCursor() = default;
    explicit BitCursor(std::uint8_t* to) : to_(to) {}

    /// Appends the low `count` (0..56) bits of `bits`; the bits above must be zero. Eight bytes are
    /// stored whatever the count, so that nothing depends on how full they are.
    void put(std::uint64_t bits, std::uint32_t count) {
        assert(count <= most);
        pending_ |= bits << fill_;
        fill_ += count;
        store_word(to_, pending_);
        to_ += fill_ / 8;
        pending_ >>= fill_ / 8 * 8;
        fill_ %= 8;
    }

    [[nodiscard]] std::uint64_t bits_from(const std::uint8_t* begin) const {
        return static_cast<std::uint64_t>(to_ - begin) * 8 + fill_;
    }
    /// Goes on at the same place of a copy of the bytes.
    void move(const std::uint8_t* begin, std::uint8_t* other) { to_ = other + (to_ - begin); }

private:
    std::uint8_t* to_ = nullptr;
    std::uint64_t pending_ = 0;
    std::uint32_t fill_ = 0;
};

class BitWriter {
public:
    /// Takes memory for so many bytes at once.
    explicit BitWriter(std::size_t bytes) {
        bytes_.reserve(bytes);
        cursor_ = BitCursor{bytes_.data()};
    }

    /// Makes room for `bits` more bits; writing itself never grows the sequence.
    void reserve(std::uint64_t bits) {
        const auto needed = static_cast<std::size_t>((position() + bits) / 8 + 8);
        if (needed <= bytes_.size()) return;
        const std::uint8_t* const before = bytes_.data();
        if (needed > bytes_.capacity()) bytes_.reserve(needed + needed / 2);
        bytes_.resize(needed);
        cursor_.move(before, bytes_.data());
    }

    void put(std::uint64_t bits, std::uint32_t count) { cursor_.put(bits, count); }
    /// Calls write(cursor), which must keep to the room reserved.
    template <class Write>
    void write(Write&& write) {
        BitCursor cursor = cursor_;
        write(cursor);
        cursor_ = cursor;
    }

    [[nodiscard]] std::uint64_t position() const { return cursor_.bits_from(bytes_.data()); }

    /// All bytes, the last one filled up with zero bits.
    std::vector<std::uint8_t> finish() && {
        bytes_.resize(static_cast<std::size_t>((position() + 7) / 8));
        return std::move(bytes_);
    }

private:
    std::vector<std::uint8_t> bytes_;
    BitCursor cursor_;
};

}  // namespace u65sim::weights
