// Hashes of bytes: equal bytes, equal number, on every machine and in every run. All are xxHash's,
// fast and well mixed, not meant against an adversary.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace u65sim {

/// XXH64 of `bytes`: for what is shown or kept.
std::uint64_t hash_bytes(std::span<const std::uint8_t> bytes, std::uint64_t seed = 0);

/// XXH3 of 64 bits: for tables in memory.
std::uint64_t hash_words(std::span<const std::uint64_t> words);

/// Hash of a sequence of fields. Every add() is one field and its length counts, so that "ab", "c"
/// and "a", "bc" differ. The content hash of reports is one: its values stay from version to
/// version.
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

/// XXH3 of 128 bits, of a sequence of bytes that comes in parts, cut anywhere.
class LongHasher {
public:
    void append(const void* from, std::size_t count) {
        if (count > sizeof block_ - used_) {
            append_blocks(from, count);
            return;
        }
        std::memcpy(block_ + used_, from, count);
        used_ += count;
    }
    /// The hash of all bytes so far; nothing may follow.
    std::pair<std::uint64_t, std::uint64_t> digest();

private:
    void append_blocks(const void* from, std::size_t count);

    /// Room for an XXH3_state_t.
    static constexpr std::size_t state_bytes = 576, state_alignment = 64;

    bool is_started_ = false;  ///< whether the state holds anything
    std::size_t used_ = 0;     ///< bytes of the block, which come behind those of the state
    alignas(state_alignment) std::byte state_[state_bytes];
    std::uint8_t block_[1024];  ///< many parts are short
};

}  // namespace u65sim
