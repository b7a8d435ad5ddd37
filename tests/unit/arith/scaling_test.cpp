#include "arith/scaling.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include <u65sim/error.hpp>

using namespace u65sim::arith;

TEST_CASE("quantise splits a scale into a 31-bit multiplier and a shift") {
    CHECK(quantise(1.0) == Multiplier{1U << 30, 30});
    CHECK(quantise(0.5) == Multiplier{1U << 30, 31});
    CHECK(quantise(0.0) == Multiplier{0, 31});
    // The significand may round up to 2^31.
    CHECK(quantise(std::nextafter(1.0, 0.0)) == Multiplier{1U << 31, 31});
    const double scale = 0.0123456789;
    const Multiplier split = quantise(scale);
    CHECK(split.multiplier >= (1U << 30));
    CHECK(std::ldexp(split.multiplier, -split.shift) == Approx(scale).epsilon(1e-9));
}

TEST_CASE("a scale's multiplier is its significand, rounded half away from zero") {
    std::mt19937_64 random{5};
    for (int i = 0; i < 100'000; ++i) {
        const double scale =
            std::ldexp(static_cast<double>(random() >> 11), static_cast<int>(random() % 60) - 80);
        // Ends in exactly one half now and then.
        const double value = i % 4 == 0 ? static_cast<double>(static_cast<float>(scale)) : scale;
        int exponent = 0;
        const double rounded = std::round(std::ldexp(std::frexp(value, &exponent), 31));
        const int shift = 31 - exponent;
        const Multiplier wanted = shift < 0 || shift > 63
                                      ? Multiplier{0, 16}
                                      : Multiplier{static_cast<std::uint32_t>(rounded), shift};
        if (quantise(value) != wanted) FAIL(value);
    }
    const double half = std::ldexp(static_cast<double>((std::uint64_t{1} << 31) + 1), -40);
    CHECK(quantise(half) == Multiplier{(1U << 30) + 1, 39});
}

TEST_CASE("scales that no shift register can hold become zero") {
    CHECK(quantise(std::ldexp(1.0, 40)) == Multiplier{0, 16});
    CHECK(quantise(std::ldexp(1.0, -40)) == Multiplier{0, 16});
    CHECK_THROWS_AS(quantise(std::nan("")), u65sim::InvalidModel);
    CHECK_THROWS_AS(quantise(-1.0), u65sim::InvalidModel);
}

TEST_CASE("16-bit multipliers round at bit 16 and stop at 32767") {
    CHECK(reduce_to_16_bits({0x57F20000, 37}) == Multiplier{22514, 21});
    CHECK(reduce_to_16_bits({0x57F18000, 37}) == Multiplier{22514, 21});
    CHECK(reduce_to_16_bits({0x57F17FFF, 37}) == Multiplier{22513, 21});
    CHECK(reduce_to_16_bits({0x7FFFFFFF, 37}) == Multiplier{32767, 21});
    CHECK(reduce_to_16_bits({0x40000000, 8}) == Multiplier{0, 16});
}

TEST_CASE("one-step TFL rounding equals the two-step form of TensorFlow Lite") {
    std::mt19937_64 random{7};
    for (int trial = 0; trial < 400000; ++trial) {
        const int shift = 24 + static_cast<int>(random() % 23);
        const int left = shift < 31 ? 31 - shift : 0;
        const int right = shift > 31 ? shift - 31 : 0;
        const auto multiplier = static_cast<std::uint32_t>((1U << 30) + random() % (1U << 30));
        auto value = static_cast<std::int32_t>(random());
        value >>= left + static_cast<int>(random() % 16);
        // Ties are where the forms could differ: force some.
        const std::uint32_t chosen = trial % 3 == 0 ? (1U << 30) : multiplier;
        const std::int32_t two_step = rounding_divide_by_pot(
            saturating_rounding_doubling_high_mul(value * (std::int32_t{1} << left),
                                                  static_cast<std::int32_t>(chosen)),
            right);
        const auto one_step = round_shift(value, chosen, shift, RoundingMode::tfl);
        REQUIRE(one_step == two_step);
    }
}

TEST_CASE("rounding modes differ on ties and signs") {
    CHECK(round_shift(3, 1, 1, RoundingMode::natural) == 2);
    CHECK(round_shift(-3, 1, 1, RoundingMode::natural) == -1);
    CHECK(round_shift(-3, 1, 1, RoundingMode::truncate) == -1);
    CHECK(round_shift(3, 1, 1, RoundingMode::truncate) == 1);
    CHECK(round_shift(-5, 1U << 30, 31, RoundingMode::tfl) == -2);
    CHECK(round_shift(-5, 1U << 30, 32, RoundingMode::tfl) == -1);
    CHECK(round_shift(-6, 1U << 30, 32, RoundingMode::tfl) == -2);  // -1.5 goes away from zero
    CHECK(round_shift(6, 1U << 30, 32, RoundingMode::tfl) == 2);
    CHECK(round_shift(-6, 1U << 30, 32, RoundingMode::natural) == -1);
    CHECK(round_shift(7, 3, 0, RoundingMode::tfl) == 21);
}

TEST_CASE("40-bit accumulators keep their bits") {
    const std::int64_t accumulator = (std::int64_t{1} << 39) - 1;
    CHECK(round_shift(accumulator, 1U << 31, 63, RoundingMode::natural) == 128);
    CHECK(round_shift(-accumulator, 1U << 31, 31, RoundingMode::natural) == -accumulator);
}

TEST_CASE("hostile values and shifts saturate") {
    constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
    constexpr auto highest = std::numeric_limits<std::int64_t>::max();
    CHECK(round_shift(lowest, 0xFFFFFFFFU, 0, RoundingMode::tfl) == lowest);
    CHECK(round_shift(highest, 0xFFFFFFFFU, 1, RoundingMode::tfl) == highest);
    CHECK(round_shift(highest, 0xFFFFFFFFU, 5000, RoundingMode::tfl) == 0);
    CHECK(round_shift(1, 1, -5000, RoundingMode::natural) == highest);
    CHECK(round_shift(-1, 1, -63, RoundingMode::natural) == lowest);
    CHECK(round_shift(-1, 1, std::numeric_limits<int>::min(), RoundingMode::truncate) == lowest);
    CHECK(round_shift(0, 1, -5000, RoundingMode::natural) == 0);
    CHECK(round_shift(1, 3, -2, RoundingMode::natural) == 12);
    constexpr auto low32 = std::numeric_limits<std::int32_t>::min();
    CHECK(saturating_rounding_doubling_high_mul(low32, low32) ==
          std::numeric_limits<std::int32_t>::max());
    CHECK(rounding_divide_by_pot(low32, 31) == -1);
    CHECK(rounding_divide_by_pot(low32, 32) == 0);
    CHECK(rounding_divide_by_pot(low32, -1) == low32);
    CHECK(rounding_divide_by_pot(std::numeric_limits<std::int32_t>::max(), 31) == 1);
}
