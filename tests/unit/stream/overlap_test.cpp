#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "stream/overlap.hpp"

using namespace u65sim::stream;

namespace {

/// Element by element, tile by tile.
bool shares_an_address(const FeatureMap& map) {
    std::set<std::pair<int, std::uint64_t>> seen;
    for (int y = 0; y < map.height; ++y) {
        for (int x = 0; x < map.width; ++x) {
            const bool right = x >= map.width0;
            const bool below = y >= (right ? map.height1 : map.height0);
            const int tile = (right ? 1 : 0) + (below ? 2 : 0);
            for (int c = 0; c < map.depth; ++c) {
                const std::uint64_t first = map.address(y, x, c);
                for (int i = 0; i < bytes_of(map.type); ++i) {
                    if (!seen.insert({tile, first + static_cast<std::uint64_t>(i)}).second) {
                        return true;
                    }
                }
            }
        }
    }
    return false;
}

}  // namespace

TEST_CASE("a map overlaps itself exactly when two of its elements share a byte") {
    std::mt19937 random{7};
    const auto pick = [&](int low, int high) {
        return std::uniform_int_distribution<int>{low, high}(random);
    };
    int overlapping = 0;
    constexpr int maps = 4000;
    for (int i = 0; i < maps; ++i) {
        FeatureMap map;
        map.type = pick(0, 1) == 0 ? DataType::s8 : DataType::s16;
        map.height = pick(1, 5);
        map.width = pick(1, 5);
        map.depth = pick(1, 4);
        map.width0 = pick(1, 6);
        map.height0 = pick(1, 6);
        map.height1 = pick(1, 6);
        const int element = bytes_of(map.type);
        map.base = {1000, 1000, 1000, 1000};
        map.stride_x = pick(-14, 14) * element;
        map.stride_y = pick(-40, 40) * element;
        CAPTURE(map.height, map.width, map.depth, map.stride_y, map.stride_x, map.width0,
                map.height0, map.height1);
        REQUIRE(overlaps_itself(map) == shares_an_address(map));
        overlapping += overlaps_itself(map);
    }
    CHECK(overlapping > maps / 5);
    CHECK(overlapping < maps * 4 / 5);
}

TEST_CASE("maps of bricks overlap through their slices and rows") {
    FeatureMap map;
    map.layout = Layout::nhcwb16;
    map.height = map.height0 = map.height1 = 4;
    map.width = map.width0 = 5;
    map.depth = 40;
    map.stride_x = 16;
    map.stride_c = 5 * 16;
    map.stride_y = 3 * map.stride_c;
    CHECK_FALSE(overlaps_itself(map));
    map.stride_c -= 16;
    CHECK(overlaps_itself(map));
    map.stride_c += 16;
    map.stride_y -= 16;
    CHECK(overlaps_itself(map));
    map.stride_y = 0;
    CHECK(overlaps_itself(map));
    // Slices outside, rows inside.
    map.stride_y = 5 * 16;
    map.stride_c = 4 * map.stride_y;
    CHECK_FALSE(overlaps_itself(map));
}
