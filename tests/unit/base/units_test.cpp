#include <u65sim/units.hpp>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <type_traits>

#include <catch2/catch.hpp>

using namespace u65sim;

namespace {
constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t smallest = std::numeric_limits<std::int64_t>::min();
}  // namespace

TEST_CASE("quantities of different kinds do not mix") {
    STATIC_REQUIRE_FALSE(std::is_convertible_v<std::int64_t, Cycles>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<Bytes, Cycles>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<Cycles, Bytes>);
}

TEST_CASE("quantities add, subtract, scale and compare") {
    CHECK(Cycles{3} + Cycles{4} == Cycles{7});
    CHECK(Cycles{3} - Cycles{4} == Cycles{-1});
    CHECK(Bytes{6} * 7 == 42_B);
    CHECK(7 * Bytes{6} == 42_B);
    CHECK(1_KiB < 1_MiB);
    CHECK((384_KiB).count() == 393216);
    CHECK(Cycles{} == 0_cycles);
}

TEST_CASE("quantities refuse to overflow") {
    CHECK_THROWS_AS(Cycles{largest} + Cycles{1}, QuantityOverflow);
    CHECK_THROWS_AS(Cycles{smallest} - Cycles{1}, QuantityOverflow);
    CHECK_THROWS_AS(Bytes{largest / 2 + 1} * 2, QuantityOverflow);
    CHECK_NOTHROW(Cycles{largest - 1} + Cycles{1});
    CHECK_THROWS_WITH(Cycles{largest} + Cycles{1}, Catch::Contains("9223372036854775807 + 1"));
}

TEST_CASE("bytes over a rate round up to whole cycles") {
    const BytesPerCycle rate{15, 4};
    CHECK(Bytes{0} / rate == Cycles{0});
    CHECK(Bytes{1} / rate == Cycles{1});
    CHECK(Bytes{15} / rate == Cycles{4});
    CHECK(Bytes{16} / rate == Cycles{5});
    CHECK(Bytes{16} / BytesPerCycle{16, 1} == Cycles{1});
    CHECK(Bytes{17} / BytesPerCycle{16, 1} == Cycles{2});
    for (std::int64_t bytes = 0; bytes < 1000; ++bytes) {
        const std::int64_t cycles = (Bytes{bytes} / rate).count();
        CHECK(cycles * 15 >= bytes * 4);
        CHECK((cycles - 1) * 15 < bytes * 4);
    }
}

TEST_CASE("rates are reduced fractions") {
    CHECK(BytesPerCycle{30, 8} == BytesPerCycle{15, 4});
    CHECK((BytesPerCycle{30, 8}.numerator()) == 15);
    CHECK((BytesPerCycle{15, 4}.value()) == 3.75);
    CHECK((BytesPerCycle{0, 8}) == BytesPerCycle{});
}

TEST_CASE("rates refuse nonsense") {
    CHECK_THROWS_AS(BytesPerCycle(-1, 2), std::invalid_argument);
    CHECK_THROWS_AS(BytesPerCycle(1, 0), std::invalid_argument);
    CHECK_THROWS_AS(Bytes{1} / BytesPerCycle{}, std::invalid_argument);
    CHECK_THROWS_AS((Bytes{largest} / BytesPerCycle{1, 2}), QuantityOverflow);
}
