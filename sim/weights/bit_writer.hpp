// Bits into a growing byte sequence, least significant first.
#pragma once

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace u65sim::weights {

class BitWriter {
public:
    /// Makes room for `bits` more bits; put() itself never grows the sequence.
    void reserve(std::uint64_t bits) {
        const auto needed = static_cast<std::size_t>((position() + bits) / 64 * 8 + 8);
        if (needed > bytes_.capacity()) bytes_.reserve(needed + needed / 2);
        if (needed > bytes_.size()) bytes_.resize(needed);
    }

    /// Appends the low `count` (1..64) bits of `bits`; the bits above must be zero.
    void put(std::uint64_t bits, std::uint32_t count) {
        pending_ |= bits << fill_;
        fill_ += count;
        if (fill_ >= 64) {
            store(pending_);
            fill_ -= 64;
            pending_ = fill_ == 0 ? 0 : bits >> (count - fill_);
        }
    }

    [[nodiscard]] std::uint64_t position() const { return std::uint64_t{next_} * 8 + fill_; }

    /// All bytes, the last one filled up with zero bits.
    std::vector<std::uint8_t> finish() && {
        const auto size = static_cast<std::size_t>((position() + 7) / 8);
        if (fill_ > 0) store(pending_);
        bytes_.resize(size);
        return std::move(bytes_);
    }

private:
    void store(std::uint64_t word) {
        assert(next_ + 8 <= bytes_.size());
        if constexpr (std::endian::native == std::endian::little) {
            std::memcpy(bytes_.data() + next_, &word, 8);
        } else {
            for (std::size_t i = 0; i < 8; ++i) {
                bytes_[next_ + i] = static_cast<std::uint8_t>(word >> (8 * i));
            }
        }
        next_ += 8;
    }

    std::vector<std::uint8_t> bytes_;
    std::size_t next_ = 0;
    std::uint64_t pending_ = 0;
    std::uint32_t fill_ = 0;
};

}  // namespace u65sim::weights
