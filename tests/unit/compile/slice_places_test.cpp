#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <vector>

#include "compile/plan/slice_places.hpp"

using namespace u65sim::compiler;

namespace {

/// The lowest place beside all others, tried byte by byte.
std::int64_t lowest_place(const std::vector<Lifetime>& others, const Lifetime& item) {
    for (std::int64_t at = 0;; at += allocation_alignment) {
        const bool free = std::none_of(others.begin(), others.end(), [&](const Lifetime& other) {
            return other.meets(item) && at < other.offset + other.size &&
                   other.offset < at + item.size;
        });
        if (free) return at;
    }
}

}  // namespace

TEST_CASE("slices take the lowest places beside what lives while they do") {
    std::mt19937 random(3);
    constexpr std::int64_t limit = 6000;
    constexpr SliceTimes times{2, 5};
    int found = 0, later = 0;
    for (int round = 0; round < 400; ++round) {
        std::vector<Lifetime> items(12);
        for (auto& item : items) {
            item.size = 1 + static_cast<std::int64_t>(random() % 900);
            item.first = static_cast<std::int32_t>(random() % 500);
            item.last = item.first + static_cast<std::int32_t>(random() % 400);
            item.offset = static_cast<std::int64_t>(random() % 400) * allocation_alignment;
        }
        items[0].offset = -1;
        std::vector<std::int64_t> sizes(1 + random() % 6);
        for (auto& size : sizes) size = 1 + static_cast<std::int64_t>(random() % 1200);
        SlicePlacer placer(limit);
        placer.set_neighbours(items, first_of(times.from), last_of(times.time));
        std::vector<Lifetime> taken(items.begin() + 1, items.end());
        std::int32_t before = first_of(times.from);
        for (const Lifetime& place : placer.earliest(times, sizes)) {
            ++found;
            CHECK(place.first >= before);
            if (place.first > before) {
                ++later;
                Lifetime earlier = place;
                earlier.first = before;
                CHECK(lowest_place(taken, earlier) + place.size > limit);
            }
            before = place.first;
            CHECK(place.offset == lowest_place(taken, place));
            CHECK(place.offset + place.size <= limit);
            CHECK(place.last <= last_of(times.time));
            taken.push_back(place);
        }
    }
    CHECK(found > 200);
    CHECK(later > 50);
}

TEST_CASE("slices that take turns are copied while the one before is read") {
    SlicePlacer placer(400);
    const std::vector<std::int64_t> sizes{160, 160, 160};
    placer.set_neighbours({}, 0, last_of(1));
    const auto places = placer.in_turns({0, 1}, sizes, true);
    REQUIRE(places.size() == 3);
    CHECK(places[0].first == first_of(0));
    CHECK(places[1].first == first_of(1));
    CHECK(places[0].offset == 0);
    CHECK(places[1].offset == 160);
    CHECK(places[2].offset == 0);
    CHECK(placer.in_turns({0, 1}, std::vector<std::int64_t>{240, 240}, true).empty());
    CHECK(placer.in_turns({1, 1}, std::vector<std::int64_t>{240, 240}, false).size() == 2);
}
