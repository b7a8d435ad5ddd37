// Content hashes: equal bytes, equal number, on every machine and in every run.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

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

}  // namespace u65sim
