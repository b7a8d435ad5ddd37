#include "ir/slice_entries.hpp"

#include <array>
#include <cstdint>
#include <limits>

#include <catch2/catch.hpp>

using namespace u65sim;

namespace {

using Numbers = std::array<std::int64_t, 3>;

/// Begin, end and stride along an axis of `extent` elements.
Numbers range(std::int64_t extent, const Numbers& numbers, const ir::SliceEntry& entry) {
    const auto [first, count, step] =
        ir::slice_range(entry, extent, {&numbers[0], 1}, {&numbers[1], 1}, {&numbers[2], 1});
    return {first, count, step};
}

constexpr ir::SliceEntry numbered{.axis = 0, .number = 0};

}  // namespace

TEST_CASE("A slice counts from the end where its numbers are negative") {
    CHECK(range(10, {2, 7, 1}, numbered) == Numbers{2, 5, 1});
    CHECK(range(10, {-4, -1, 1}, numbered) == Numbers{6, 3, 1});
    CHECK(range(10, {1, 10, 4}, numbered) == Numbers{1, 3, 4});
}

TEST_CASE("A slice stops at the borders of its axis") {
    CHECK(range(10, {-30, 30, 3}, numbered) == Numbers{0, 4, 3});
    CHECK(range(10, {30, -30, -3}, numbered) == Numbers{9, 4, -3});
    constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
    CHECK(range(10, {lowest, highest, highest}, numbered) == Numbers{0, 1, highest});
    CHECK(range(10, {highest, lowest, lowest}, numbered) == Numbers{9, 1, lowest});
}

TEST_CASE("A slice that ends before it begins, or has no stride, is empty") {
    CHECK(range(10, {5, 5, 1}, numbered)[1] == 0);
    CHECK(range(10, {2, 7, -1}, numbered)[1] == 0);
    CHECK(range(10, {2, 7, 0}, numbered)[1] == 0);
}

TEST_CASE("Masks take a slice's place of begin and end") {
    ir::SliceEntry open = numbered;
    open.from_first = open.to_last = true;
    CHECK(range(10, {3, 5, 1}, open) == Numbers{0, 10, 1});
    CHECK(range(10, {3, 5, -1}, open) == Numbers{9, 10, -1});
    ir::SliceEntry dropped = numbered;
    dropped.is_dropped = true;
    CHECK(range(10, {-2, 0, 1}, dropped) == Numbers{8, 1, 1});
}

TEST_CASE("An axis without numbers is whole, a new one has one element") {
    CHECK(range(10, {3, 5, 2}, {.axis = 0}) == Numbers{0, 10, 1});
    CHECK(range(10, {3, 5, 2}, {}) == Numbers{0, 1, 1});
}
