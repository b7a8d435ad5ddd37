// Which maps stay in a dedicated SRAM, as Vela chooses them.
#include "compile/plan/vela_choice.hpp"

#include <vector>

#include <catch2/catch.hpp>

using namespace u65sim::compiler;

namespace {

Lifetime alive(std::int32_t first, std::int32_t last, std::int64_t size) {
    return {size, first, last, no_offset};
}

using Stays = std::vector<bool>;

}  // namespace

TEST_CASE("vela_choice: what fits at every time stays") {
    const std::vector<Lifetime> maps{alive(0, 1, 60), alive(1, 2, 40), alive(2, 3, 60)};
    CHECK(choose_as_vela({}, maps, std::vector<double>{1, 1, 1}, 100) == Stays{true, true, true});
}

TEST_CASE("vela_choice: of the sets that fit the one with most accesses stays") {
    const std::vector<Lifetime> maps{alive(0, 1, 60), alive(1, 2, 60), alive(2, 3, 60)};
    CHECK(choose_as_vela({}, maps, std::vector<double>{2, 3, 2}, 100) == Stays{true, false, true});
    CHECK(choose_as_vela({}, maps, std::vector<double>{2, 5, 2}, 100) == Stays{false, true, false});
    // Of two that are worth as much the one that begins first.
    CHECK(choose_as_vela({}, maps, std::vector<double>{2, 4, 2}, 100) == Stays{true, false, true});
}

TEST_CASE("vela_choice: what must be there takes its room at its time alone") {
    const std::vector<Lifetime> must{alive(1, 1, 50)};
    const std::vector<Lifetime> maps{alive(0, 0, 90), alive(1, 2, 50), alive(2, 2, 50)};
    CHECK(choose_as_vela(must, maps, std::vector<double>{1, 1, 1}, 100) == Stays{true, true, true});
    CHECK(choose_as_vela(must, std::vector<Lifetime>{alive(0, 1, 51)}, std::vector<double>{1},
                         100) == Stays{false});
}

TEST_CASE("vela_choice: a map that never fits still pushes out what is worth less") {
    const std::vector<Lifetime> must{alive(2, 2, 60)};
    const std::vector<Lifetime> maps{alive(0, 1, 60), alive(1, 2, 60)};
    CHECK(choose_as_vela(must, maps, std::vector<double>{1, 2}, 100) == Stays{false, false});
    CHECK(choose_as_vela(must, maps, std::vector<double>{2, 1}, 100) == Stays{true, false});
    // One that is larger than the memory competes with none.
    const std::vector<Lifetime> large{alive(0, 1, 60), alive(1, 2, 101)};
    CHECK(choose_as_vela({}, large, std::vector<double>{1, 2}, 100) == Stays{true, false});
}

TEST_CASE("vela_choice: many maps at once are decided in groups that fit together") {
    std::vector<Lifetime> maps;
    for (int i = 0; i < 50; ++i) maps.push_back(alive(i, i + 2, 30 + i % 7));
    const Stays stays = choose_as_vela({}, maps, std::vector<double>(maps.size(), 1), 100);
    for (std::int32_t time = 0; time < 52; ++time) {
        std::int64_t bytes = 0;
        for (std::size_t i = 0; i < maps.size(); ++i) {
            if (stays[i] && maps[i].first <= time && time <= maps[i].last) bytes += maps[i].size;
        }
        CAPTURE(time);
        CHECK(bytes <= 100);
    }
}
