#include "arith/fixed_point16.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>

using namespace u65sim::arith;

TEST_CASE("the fixed-point sigmoid follows the function over all inputs") {
    double worst = 0;
    for (int x = -32768; x < 32768; ++x) {
        const double exact = 32768.0 / (1.0 + std::exp(-x / 4096.0));
        worst = std::max(worst, std::abs(fixed_logistic16(static_cast<std::int16_t>(x)) - exact));
    }
    CHECK(worst < 16);
    CHECK(fixed_logistic16(0) == 16384);
    for (const int x : {1, 77, 4096, 32767}) {
        const int above = fixed_logistic16(static_cast<std::int16_t>(x));
        CHECK(above + fixed_logistic16(static_cast<std::int16_t>(-x)) == 32767);
    }
}

TEST_CASE("the fixed-point tanh follows the function for each number of integer bits") {
    for (int bits = 0; bits <= 6; ++bits) {
        CAPTURE(bits);
        const double unit = std::ldexp(1.0, bits - 15);
        double worst = 0;
        for (int x = -32768; x < 32768; ++x) {
            const double exact = 32768.0 * std::tanh(x * unit);
            worst =
                std::max(worst, std::abs(fixed_tanh16(static_cast<std::int16_t>(x), bits) - exact));
        }
        CHECK(worst < 40);
        CHECK(fixed_tanh16(0, bits) == 0);
        CHECK(fixed_tanh16(1000, bits) == -fixed_tanh16(-1000, bits));
    }
}

TEST_CASE("16-bit products round halves upwards and saturate") {
    CHECK(rounding_mul16(-32768, -32768) == 32767);
    CHECK(rounding_mul16(16384, 1) == 1);
    CHECK(rounding_mul16(16384, -1) == 0);
    CHECK(saturate16(40000) == 32767);
    CHECK(saturate16(-40000) == -32768);
}
