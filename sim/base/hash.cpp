#include "base/hash.hpp"

#include <bit>
#include <new>

// Inline: whoever links the library needs no other one.
#define XXH_INLINE_ALL
#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace u65sim {

std::uint64_t hash_bytes(std::span<const std::uint8_t> bytes, std::uint64_t seed) {
    return XXH64(bytes.data(), bytes.size(), seed);
}

std::uint64_t hash_words(std::span<const std::uint64_t> words) {
    return XXH3_64bits(words.data(), words.size_bytes());
}

void Hasher::add(std::span<const std::uint8_t> bytes) { state_ = hash_bytes(bytes, state_); }

/// XXH64's steps for a last word and its end.
void Hasher::add(std::uint64_t value) {
    constexpr std::uint64_t prime1 = 0x9E3779B185EBCA87U;
    constexpr std::uint64_t prime2 = 0xC2B2AE3D27D4EB4FU;
    constexpr std::uint64_t prime3 = 0x165667B19E3779F9U;
    constexpr std::uint64_t prime4 = 0x85EBCA77C2B2AE63U;
    constexpr std::uint64_t prime5 = 0x27D4EB2F165667C5U;
    std::uint64_t hash = (state_ + prime5) ^ (std::rotl(value * prime2, 31) * prime1);
    hash = std::rotl(hash, 27) * prime1 + prime4;
    hash = (hash ^ (hash >> 33)) * prime2;
    hash = (hash ^ (hash >> 29)) * prime3;
    state_ = hash ^ (hash >> 32);
}

void Hasher::add(std::string_view text) {
    add(std::span{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void LongHasher::append_blocks(const void* from, std::size_t count) {
    static_assert(sizeof(XXH3_state_t) <= state_bytes && alignof(XXH3_state_t) <= state_alignment);
    auto* const state = is_started_ ? std::launder(reinterpret_cast<XXH3_state_t*>(state_))
                                    : new (state_) XXH3_state_t;
    if (!is_started_) XXH3_128bits_reset(state);
    is_started_ = true;
    XXH3_128bits_update(state, block_, used_);
    XXH3_128bits_update(state, from, count);
    used_ = 0;
}

std::pair<std::uint64_t, std::uint64_t> LongHasher::digest() {
    if (!is_started_) {
        const XXH128_hash_t hash = XXH3_128bits(block_, used_);
        return {hash.low64, hash.high64};
    }
    auto* const state = std::launder(reinterpret_cast<XXH3_state_t*>(state_));
    XXH3_128bits_update(state, block_, used_);
    const XXH128_hash_t hash = XXH3_128bits_digest(state);
    return {hash.low64, hash.high64};
}

}  // namespace u65sim
