// Content hashes: equal bytes, equal number, on every machine and in every run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace u65sim {

/// XXH64 of `bytes` (the public xxHash description, 64-bit variant): fast, well mixed, not meant
/// against an adversary.
std::uint64_t hash_bytes(std::span<const std::uint8_t> bytes, std::uint64_t seed = 0);

/// Hash of a sequence of fields. Every add() is one field and its length counts, so that "ab", "c"
/// and "a", "bc" differ.
class Hasher {
public:
    explicit Hasher(std::uint64_t seed = 0) : state_(seed) {}

    void add(std::span<const std::uint8_t> bytes);
    void add(std::uint64_t value);
    void add(std::string_view text);

    /// The hash of all fields so far; more may follow.
    [[nodiscard]] std::uint64_t digest() const { return state_; }

private:
    std::uint64_t state_;
};

/// 128 bits of hash of a sequence of bytes that comes in parts, cut anywhere: words are multiplied
/// with what was there before. Faster than hash_bytes, not meant against an adversary.
class LongHasher {
public:
    void append(const void* from, std::size_t count) {
        if (count > sizeof block_ - used_) {
            append_blocks(static_cast<const std::uint8_t*>(from), count);
            return;
        }
        std::memcpy(block_ + used_, from, count);
        used_ += count;
    }
    /// The hash of all bytes so far; nothing may follow.
    std::pair<std::uint64_t, std::uint64_t> digest();

private:
    void append_blocks(const std::uint8_t* from, std::size_t count);
    void mix(const std::uint8_t* from, std::size_t count);

    std::array<std::uint64_t, 4> lanes_{0x9E3779B185EBCA87U, 0xC2B2AE3D27D4EB4FU,
                                        0x165667B19E3779F9U, 0x85EBCA77C2B2AE63U};
    std::uint64_t length_ = 0;
    std::size_t used_ = 0;
    std::uint8_t block_[1024];
};

}  // namespace u65sim
