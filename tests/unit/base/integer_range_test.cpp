#include "base/integer_range.hpp"

#include <cstdint>
#include <limits>

#include <catch2/catch.hpp>

using u65sim::integer_range;
using u65sim::IntegerRange;

TEST_CASE("Ranges are those of the machine's integers") {
    const auto of = [](auto number) {
        using Limits = std::numeric_limits<decltype(number)>;
        return integer_range(8 * static_cast<int>(sizeof number), Limits::is_signed) ==
               IntegerRange{static_cast<std::int64_t>(Limits::min()),
                            static_cast<std::int64_t>(Limits::max())};
    };
    CHECK(of(std::int8_t{}));
    CHECK(of(std::uint8_t{}));
    CHECK(of(std::int16_t{}));
    CHECK(of(std::uint16_t{}));
    CHECK(of(std::int32_t{}));
    CHECK(of(std::uint32_t{}));
    CHECK(of(std::int64_t{}));
    CHECK(integer_range(1, true) == IntegerRange{-1, 0});
    CHECK(integer_range(9, true) == IntegerRange{-256, 255});
}

TEST_CASE("A range holds both its ends and nothing beyond") {
    const IntegerRange range = integer_range(8, true);
    CHECK(range.holds(-128));
    CHECK(range.holds(127));
    CHECK_FALSE(range.holds(-129));
    CHECK_FALSE(range.holds(128));
}
