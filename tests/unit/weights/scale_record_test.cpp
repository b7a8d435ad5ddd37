#include "weights/scale_record.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>

using namespace u65sim;
using namespace u65sim::weights;

TEST_CASE("a scale record is bias, multiplier, shift, little-endian") {
    const auto bytes = pack({.bias = 0x1122334455, .multiplier = 0xAABBCCDD, .shift = 63});
    CHECK(bytes ==
          std::array<std::uint8_t, 10>{0x55, 0x44, 0x33, 0x22, 0x11, 0xDD, 0xCC, 0xBB, 0xAA, 63});
    CHECK(pack({.bias = -1, .multiplier = 0, .shift = 0}) ==
          std::array<std::uint8_t, 10>{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0});
}

TEST_CASE("scale records survive packing at the limits of their fields") {
    const std::int64_t limit = std::int64_t{1} << 39;
    for (const std::int64_t bias : {-limit, std::int64_t{-1}, std::int64_t{0}, limit - 1}) {
        for (const std::uint32_t multiplier : {0U, 1U << 30, 0xFFFFFFFFU}) {
            for (const int shift : {0, 31, 63}) {
                const ScaleRecord record{bias, multiplier, shift};
                CHECK(unpack(pack(record)) == record);
            }
        }
    }
}

TEST_CASE("scale records refuse what does not fit their fields") {
    const std::int64_t limit = std::int64_t{1} << 39;
    CHECK_THROWS_AS(pack({limit, 0, 0}), InvalidStream);
    CHECK_THROWS_AS(pack({-limit - 1, 0, 0}), InvalidStream);
    CHECK_THROWS_AS(pack({0, 0, 64}), InvalidStream);
    CHECK_THROWS_AS(pack({0, 0, -1}), InvalidStream);
}

TEST_CASE("the upper two bits of a record's last byte are not part of the shift") {
    auto bytes = pack({.bias = 7, .multiplier = 9, .shift = 5});
    bytes[9] |= 0xC0;
    CHECK(unpack(bytes) == ScaleRecord{7, 9, 5});
}

TEST_CASE("a table of scale records is padded with zeros to 16 bytes") {
    CHECK(pack_all({}).empty());
    const std::vector<ScaleRecord> records{{1, 2, 3}, {-1, 5, 6}};
    const std::vector<std::uint8_t> bytes = pack_all(records);
    REQUIRE(bytes.size() == 32);
    CHECK(unpack(std::span<const std::uint8_t, 10>{bytes.data() + 10, 10}) == records[1]);
    for (std::size_t i = 20; i < bytes.size(); ++i) CHECK(bytes[i] == 0);
    CHECK(pack_all(std::vector<ScaleRecord>(8)).size() == 80);
}
