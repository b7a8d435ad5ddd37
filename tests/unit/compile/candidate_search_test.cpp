// Which candidates get the room there is.
#include <catch2/catch.hpp>

#include <cstddef>
#include <numeric>
#include <random>
#include <vector>

#include "compile/plan/candidate_search.hpp"

using namespace u65sim::compiler;

namespace {

void require_sound(const std::vector<Lifetime>& items, std::int64_t limit) {
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i].offset < 0) continue;
        REQUIRE(items[i].offset + items[i].size <= limit);
        for (std::size_t j = 0; j < i; ++j) {
            if (items[j].offset < 0 || !items[i].meets(items[j])) continue;
            REQUIRE((items[i].offset + items[i].size <= items[j].offset ||
                     items[j].offset + items[j].size <= items[i].offset));
        }
    }
}

}  // namespace

TEST_CASE("what fits together is placed as a whole") {
    std::vector<Lifetime> items{{64, 0, 3}, {64, 1, 2}, {128, 3, 5}};
    const std::vector<double> benefits{1, 1, 1};
    place_candidates(items, benefits, 192);
    require_sound(items, 192);
    for (const Lifetime& item : items) CHECK(item.offset >= 0);
}

TEST_CASE("the candidate with the larger benefit gets the room") {
    for (const std::size_t better : {0U, 1U}) {
        std::vector<Lifetime> items{{128, 0, 4}, {128, 2, 6}};
        std::vector<double> benefits{1, 1};
        benefits[better] = 2;
        place_candidates(items, benefits, 192);
        CHECK(items[better].offset == 0);
        CHECK(items[1 - better].offset == -1);
    }
}

TEST_CASE("two small candidates beat a large one of less benefit than both") {
    std::vector<Lifetime> items{{128, 0, 9}, {64, 0, 9}, {64, 0, 9}};
    const std::vector<double> benefits{3, 2, 2};
    place_candidates(items, benefits, 128);
    CHECK(items[0].offset == -1);
    CHECK(items[1].offset >= 0);
    CHECK(items[2].offset >= 0);
}

TEST_CASE("fixed items stay, candidates go around them") {
    std::vector<Lifetime> items{{64, 0, 9, 64}, {64, 0, 4}, {64, 3, 9}, {128, 0, 9}};
    const std::vector<double> benefits{1, 1, 1};
    place_candidates(items, benefits, 192);
    require_sound(items, 192);
    CHECK(items[0].offset == 64);
    CHECK(items[1].offset >= 0);
    CHECK(items[2].offset >= 0);
    CHECK(items[3].offset == -1);
}

TEST_CASE("random candidates are placed soundly, and the same each time") {
    std::mt19937 random(5);
    for (int round = 0; round < 50; ++round) {
        std::vector<Lifetime> items(30);
        std::vector<double> benefits;
        for (auto& item : items) {
            item.size = 16 + static_cast<std::int64_t>(random() % 1000);
            item.first = static_cast<std::int32_t>(random() % 20);
            item.last = item.first + static_cast<std::int32_t>(random() % 6);
            benefits.push_back(static_cast<double>(random() % 100));
        }
        std::vector<Lifetime> again = items;
        place_candidates(items, benefits, 2048);
        place_candidates(again, benefits, 2048);
        require_sound(items, 2048);
        for (std::size_t i = 0; i < items.size(); ++i) CHECK(items[i].offset == again[i].offset);
    }
}
