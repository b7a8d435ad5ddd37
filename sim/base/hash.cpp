#include "base/hash.hpp"

#include <bit>
#include <cstddef>
#include <cstring>

namespace u65sim {
namespace {

constexpr std::uint64_t prime1 = 0x9E3779B185EBCA87U;
constexpr std::uint64_t prime2 = 0xC2B2AE3D27D4EB4FU;
constexpr std::uint64_t prime3 = 0x165667B19E3779F9U;
constexpr std::uint64_t prime4 = 0x85EBCA77C2B2AE63U;
constexpr std::uint64_t prime5 = 0x27D4EB2F165667C5U;

template <class Word>
std::uint64_t load(const std::uint8_t* at) {
    Word word = 0;
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(&word, at, sizeof word);
    } else {
        for (std::size_t i = 0; i < sizeof word; ++i) word |= Word{at[i]} << (8 * i);
    }
    return word;
}

std::uint64_t round(std::uint64_t lane, std::uint64_t input) {
    return std::rotl(lane + input * prime2, 31) * prime1;
}

std::uint64_t merge(std::uint64_t hash, std::uint64_t lane) {
    return (hash ^ round(0, lane)) * prime1 + prime4;
}

std::uint64_t avalanche(std::uint64_t hash) {
    hash = (hash ^ (hash >> 33)) * prime2;
    hash = (hash ^ (hash >> 29)) * prime3;
    return hash ^ (hash >> 32);
}

__extension__ typedef unsigned __int128 Product;

/// 16 bytes into one of the hasher's pairs of numbers: both halves of a product of words and what
/// was there before, crossed over.
void absorb(std::uint64_t& low, std::uint64_t& high, const std::uint8_t* from) {
    const Product product =
        Product{low ^ load<std::uint64_t>(from)} * (high ^ load<std::uint64_t>(from + 8));
    const std::uint64_t before = low;
    low = std::rotl(high, 29) ^ static_cast<std::uint64_t>(product);
    high = std::rotl(before, 37) + static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::uint64_t hash_bytes(std::span<const std::uint8_t> bytes, std::uint64_t seed) {
    const std::uint8_t* at = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t hash = seed + prime5;
    if (left >= 32) {
        std::uint64_t lanes[4] = {seed + prime1 + prime2, seed + prime2, seed, seed - prime1};
        for (; left >= 32; left -= 32, at += 32) {
            for (std::size_t i = 0; i < 4; ++i) {
                lanes[i] = round(lanes[i], load<std::uint64_t>(at + 8 * i));
            }
        }
        hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
               std::rotl(lanes[3], 18);
        for (const std::uint64_t lane : lanes) hash = merge(hash, lane);
    }
    hash += bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
        hash = std::rotl(hash ^ round(0, load<std::uint64_t>(at)), 27) * prime1 + prime4;
    }
    if (left >= 4) {
        hash = std::rotl(hash ^ (load<std::uint32_t>(at) * prime1), 23) * prime2 + prime3;
        left -= 4;
        at += 4;
    }
    for (; left > 0; --left, ++at) hash = std::rotl(hash ^ (*at * prime5), 11) * prime1;
    return avalanche(hash);
}

void Hasher::add(std::span<const std::uint8_t> bytes) { state_ = hash_bytes(bytes, state_); }

void Hasher::add(std::uint64_t value) {
    state_ = avalanche(std::rotl((state_ + prime5) ^ round(0, value), 27) * prime1 + prime4);
}

void Hasher::add(std::string_view text) {
    add(std::span{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

/// `count` is a multiple of 32.
void LongHasher::mix(const std::uint8_t* from, std::size_t count) {
    std::array<std::uint64_t, 4> lanes = lanes_;
    for (std::size_t i = 0; i < count; i += 32) {
        absorb(lanes[0], lanes[1], from + i);
        absorb(lanes[2], lanes[3], from + i + 16);
    }
    lanes_ = lanes;
    length_ += count;
}

void LongHasher::append_blocks(const std::uint8_t* from, std::size_t count) {
    const std::size_t head = sizeof block_ - used_;
    std::memcpy(block_ + used_, from, head);
    mix(block_, sizeof block_);
    from += head;
    count -= head;
    const std::size_t whole = count - count % sizeof block_;
    mix(from, whole);
    used_ = count - whole;
    std::memcpy(block_, from + whole, used_);
}

std::pair<std::uint64_t, std::uint64_t> LongHasher::digest() {
    const std::uint64_t length = length_ + used_;
    const std::size_t padded = (used_ + 31) / 32 * 32;
    std::memset(block_ + used_, 0, padded - used_);
    mix(block_, padded);
    std::uint64_t first = length;
    std::uint64_t second = ~length;
    for (const std::uint64_t lane : lanes_) {
        first = merge(first, lane);
        second = merge(second, std::rotl(lane, 32) ^ prime5);
    }
    return {avalanche(first), avalanche(second)};
}

}  // namespace u65sim
