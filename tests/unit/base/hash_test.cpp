#include "base/hash.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

using u65sim::hash_bytes;
using u65sim::Hasher;
using u65sim::LongHasher;

namespace {

std::uint64_t hash_of(std::string_view text, std::uint64_t seed = 0) {
    return hash_bytes({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, seed);
}

}  // namespace

TEST_CASE("hash_bytes gives the published XXH64 values") {
    CHECK(hash_of("") == 0xEF46DB3751D8E999U);
    CHECK(hash_of("a") == 0xD24EC4F1A98C6E5BU);
    CHECK(hash_of("abc") == 0x44BC2CF5AD770999U);
    CHECK(hash_of("Nobody inspects the spammish repetition") == 0xFBCEA83C8A378BF1U);
}

TEST_CASE("hash_bytes changes with every bit, the length and the seed") {
    std::vector<std::uint8_t> bytes(75, 0x5A);
    std::set<std::uint64_t> seen{hash_bytes(bytes), hash_bytes(bytes, 1)};
    std::size_t expected = 2;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        seen.insert(hash_bytes(bytes));
        ++expected;
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    }
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        seen.insert(hash_bytes({bytes.data(), size}));
        ++expected;
    }
    CHECK(seen.size() == expected);
}

TEST_CASE("Hasher tells apart fields cut in other places, and their order") {
    const auto digest = [](auto... fields) {
        Hasher hasher;
        (hasher.add(fields), ...);
        return hasher.digest();
    };
    using Text = std::string_view;
    CHECK(digest(Text{"ab"}, Text{"c"}) == digest(Text{"ab"}, Text{"c"}));
    CHECK(digest(Text{"ab"}, Text{"c"}) != digest(Text{"a"}, Text{"bc"}));
    CHECK(digest(Text{"ab"}, Text{""}) != digest(Text{"ab"}));
    CHECK(digest(std::uint64_t{1}, std::uint64_t{2}) != digest(std::uint64_t{2}, std::uint64_t{1}));
    CHECK(digest(std::uint64_t{0}) != digest());
    CHECK(Hasher{1}.digest() != Hasher{2}.digest());
}

TEST_CASE("Hasher of small counters has no collisions") {
    std::set<std::uint64_t> seen;
    for (std::uint64_t value = 0; value < 100'000; ++value) {
        Hasher hasher;
        hasher.add(value);
        seen.insert(hasher.digest());
    }
    CHECK(seen.size() == 100'000);
}

TEST_CASE("A long hash is the same however its bytes are cut") {
    std::vector<std::uint8_t> bytes(5000);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * i / 7);
    LongHasher whole;
    whole.append(bytes.data(), bytes.size());
    const auto expected = whole.digest();
    for (const std::size_t part : {1U, 3U, 32U, 1000U, 1024U, 1025U, 4999U}) {
        LongHasher hasher;
        for (std::size_t i = 0; i < bytes.size(); i += part) {
            hasher.append(bytes.data() + i, std::min(part, bytes.size() - i));
        }
        CAPTURE(part);
        CHECK(hasher.digest() == expected);
    }
}

TEST_CASE("A long hash changes in both numbers with every bit and with the length") {
    std::vector<std::uint8_t> bytes(100, 0);
    std::set<std::uint64_t> first, second;
    const auto add = [&](std::size_t count) {
        LongHasher hasher;
        hasher.append(bytes.data(), count);
        const auto [a, b] = hasher.digest();
        first.insert(a);
        second.insert(b);
    };
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        add(bytes.size());
        bytes[bit / 8] = 0;
    }
    for (std::size_t count = 0; count <= bytes.size(); ++count) add(count);
    CHECK(first.size() == 8 * bytes.size() + bytes.size() + 1);
    CHECK(second.size() == first.size());
}
