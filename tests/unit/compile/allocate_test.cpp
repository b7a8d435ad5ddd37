#include <catch2/catch.hpp>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "compile/plan/allocate.hpp"

using namespace u65sim::compiler;

namespace {

std::vector<Lifetime> random_items(std::mt19937& random, std::size_t count) {
    std::vector<Lifetime> items(count);
    for (auto& item : items) {
        item.size = 1 + static_cast<std::int64_t>(random() % 1000);
        item.first = static_cast<std::int32_t>(random() % 30);
        item.last = item.first + static_cast<std::int32_t>(random() % 8);
    }
    return items;
}

std::vector<std::int64_t> offsets_of(const std::vector<Lifetime>& items) {
    std::vector<std::int64_t> offsets;
    for (const auto& item : items) offsets.push_back(item.offset);
    return offsets;
}

}  // namespace

TEST_CASE("items alive together get different bytes") {
    std::mt19937 random(7);
    for (int round = 0; round < 50; ++round) {
        std::vector<Lifetime> items = random_items(random, 20);
        const std::int64_t top = place_all(items, 0);
        CHECK(top >= lower_bound(items) - allocation_alignment);
        for (std::size_t i = 0; i < items.size(); ++i) {
            REQUIRE(items[i].offset >= 0);
            CHECK(items[i].offset % allocation_alignment == 0);
            CHECK(items[i].offset + items[i].size <= top);
            for (std::size_t k = i + 1; k < items.size(); ++k) {
                const bool apart = items[i].offset + items[i].size <= items[k].offset ||
                                   items[k].offset + items[k].size <= items[i].offset;
                CHECK((apart || !items[i].meets(items[k])));
            }
        }
    }
}

TEST_CASE("crowds get different bytes without looking at all pairs") {
    std::mt19937 random(3);
    std::vector<Lifetime> items;
    for (int i = 0; i < 20'000; ++i) {
        const auto first = static_cast<std::int32_t>(random() % 100);
        items.push_back({1 + static_cast<std::int64_t>(random() % 100), first,
                         first + static_cast<std::int32_t>(random() % 50), -1});
    }
    REQUIRE(is_crowded(items));
    const std::int64_t top = place_all(items, 0);
    CHECK(top >= lower_bound(items) - allocation_alignment);
    CHECK(top < 2 * lower_bound(items));
    for (std::int32_t time = 0; time < 150; ++time) {
        std::vector<std::pair<std::int64_t, std::int64_t>> alive;
        for (const auto& item : items) {
            if (item.first <= time && time <= item.last) alive.emplace_back(item.offset, item.size);
        }
        std::sort(alive.begin(), alive.end());
        std::size_t clashes = 0;
        for (std::size_t i = 1; i < alive.size(); ++i) {
            clashes += alive[i - 1].first + alive[i - 1].second > alive[i].first ? 1 : 0;
        }
        CHECK(clashes == 0);
    }
}

TEST_CASE("placing by time leaves what is fixed alone and ends at the limit") {
    std::vector<Lifetime> items{
        {100, 0, 9, 64}, {64, 0, 1, -1}, {200, 0, 1, -1}, {200, 2, 3, -1}, {500, 4, 5, -1}};
    place_by_time(items, 400);
    CHECK(items[0].offset == 64);
    CHECK(items[1].offset == 0);
    CHECK(items[2].offset == 176);
    CHECK(items[3].offset == 176);
    CHECK(items[4].offset == -1);
}

TEST_CASE("a chain of maps needs the two largest neighbours") {
    std::vector<Lifetime> items{{64, 0, 1, -1}, {256, 1, 2, -1}, {128, 2, 3, -1}};
    CHECK(place_all(items, 0) == 384);
    CHECK(lower_bound(items) == 384);
}

TEST_CASE("what would end above the limit gets no place") {
    std::vector<Lifetime> items{{100, 0, 5, -1}, {100, 0, 5, -1}, {50, 0, 5, -1}};
    const std::vector<std::size_t> order{0, 1, 2};
    Packer(items).place(order, 170);
    CHECK(items[0].offset == 0);
    CHECK(items[1].offset == -1);
    CHECK(items[2].offset == 112);
}

TEST_CASE("an earlier turn gives what placing all in the new order gives") {
    std::mt19937 random(11);
    int moved = 0;
    int refused = 0;
    for (int round = 0; round < 300; ++round) {
        constexpr std::int64_t limit = 2500;
        constexpr std::size_t fixed = 2;
        std::vector<Lifetime> items = random_items(random, 24);
        items[0].offset = 0;
        items[1].offset = 1024;
        const std::vector<Lifetime> before = items;
        Packer::Turns turns;
        for (std::size_t i = fixed; i < items.size(); ++i) turns.order.push_back(i);
        std::shuffle(turns.order.begin(), turns.order.end(), random);
        turns.of.assign(items.size(), -1);
        for (std::size_t turn = 0; turn < turns.order.size(); ++turn) {
            turns.of[turns.order[turn]] = static_cast<std::int64_t>(turn);
        }
        Packer packer(items);
        packer.place(turns.order, limit);
        const std::vector<Lifetime> known = items;
        for (std::size_t from = 1; from < turns.order.size(); ++from) {
            if (known[turns.order[from]].offset >= 0) continue;
            const std::size_t to = random() % from;
            std::vector<std::size_t> order = turns.order;
            std::rotate(order.begin() + static_cast<std::ptrdiff_t>(to),
                        order.begin() + static_cast<std::ptrdiff_t>(from),
                        order.begin() + static_cast<std::ptrdiff_t>(from) + 1);
            std::vector<Lifetime> expected = before;
            Packer(expected).place(order, limit);
            if (packer.advance(known, turns, from, to, limit)) {
                ++moved;
                CHECK(offsets_of(items) == offsets_of(expected));
            } else {
                ++refused;
                CHECK(offsets_of(known) == offsets_of(expected));
            }
        }
    }
    CHECK(moved > 100);
    CHECK(refused > 100);
}

TEST_CASE("the lower bound is the most that lives at one time") {
    std::mt19937 random(13);
    for (int round = 0; round < 50; ++round) {
        const std::vector<Lifetime> items = random_items(random, 20);
        std::int64_t most = 0;
        for (std::int32_t time = 0; time < 40; ++time) {
            most = std::max(
                most, std::accumulate(items.begin(), items.end(), std::int64_t{0},
                                      [&](std::int64_t sum, const Lifetime& item) {
                                          const bool alive =
                                              item.first <= time && time <= item.last;
                                          return sum + (alive ? (item.size + 15) / 16 * 16 : 0);
                                      }));
        }
        CHECK(lower_bound(items) == most);
    }
}

TEST_CASE("two more have room where each fits into a piece of what is free") {
    const std::vector<Lifetime> items{
        {100, 0, 9, 0}, {100, 0, 9, 200}, {100, 0, 9, 320}, {500, 20, 29, 0}, {500, 0, 9}};
    CHECK(has_room_for_two(items, 5, 80, 512));
    CHECK_FALSE(has_room_for_two(items, 5, 80, 511));
    CHECK_FALSE(has_room_for_two(items, 5, 90, 512));
    CHECK(has_room_for_two(items, 5, 40, 432));
    CHECK(has_room_for_two(items, 10, 256, 512));
    CHECK_FALSE(has_room_for_two(items, 20, 1, 500));
}
