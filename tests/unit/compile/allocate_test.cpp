#include <catch2/catch.hpp>

#include <random>

#include "compile/allocate.hpp"

using namespace u65sim::compiler;

TEST_CASE("items alive together get different bytes") {
    std::mt19937 random(7);
    for (int round = 0; round < 50; ++round) {
        std::vector<Lifetime> items(20);
        for (auto& item : items) {
            item.size = 1 + static_cast<std::int64_t>(random() % 1000);
            item.first = static_cast<std::int32_t>(random() % 30);
            item.last = item.first + static_cast<std::int32_t>(random() % 8);
        }
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
