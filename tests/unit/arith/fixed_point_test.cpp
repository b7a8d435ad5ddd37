// Functions in fixed point against double: near enough that one Newton-Raphson step fewer shows.
#include <catch2/catch.hpp>

#include <cmath>
#include <cstdint>

#include "arith/fixed_point.hpp"

using namespace u65sim::arith;

namespace {

constexpr double q31 = 2147483648.0;

}  // namespace

TEST_CASE("one over one plus x is within 2^-28 of the quotient for all x from 0 to 1") {
    for (std::int64_t i = 0; i <= 1000; ++i) {
        const auto value = static_cast<std::int32_t>(i * 2147483 + (i == 1000 ? 647 : 0));
        const double exact = 1.0 / (1.0 + static_cast<double>(value) / q31);
        CAPTURE(value);
        CHECK(std::fabs(static_cast<double>(one_over_one_plus_x(value)) / q31 - exact) < 0x1p-28);
    }
}

// The polynomial ends at the fourth power on -1/8 to 1/8: (1/8)^5 / 5! is left, just above 2^-22.
TEST_CASE("exp of a negative number with 26 bits of fraction is within 2^-22 of the exponential") {
    for (std::int64_t i = 0; i <= 1000; ++i) {
        const auto value = static_cast<std::int32_t>(-i * 2147483);
        const double exact = std::exp(static_cast<double>(value) / 67108864.0);
        CAPTURE(value);
        CHECK(std::fabs(static_cast<double>(exp_on_negative_values(value)) / q31 - exact) <
              0x1p-22);
    }
}
