#include "arith/tables.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>

#include <u65sim/error.hpp>

#include "arith/fixed_point.hpp"

using namespace u65sim::arith;

namespace {
int signed_entry(const Table8& table, int x) {
    return static_cast<std::int8_t>(table[static_cast<std::size_t>(x + 128)]);
}
}  // namespace

TEST_CASE("8-bit tables round the function of each raw input") {
    const Table8 table = function_table8(Function::logistic, true, {0.1F, 3}, {1.0F / 256, -128});
    for (int x = -128; x < 128; ++x) {
        const double exact = 256.0 / (1.0 + std::exp(-0.1 * (x - 3))) - 128;
        CHECK(std::abs(signed_entry(table, x) - std::min(exact, 127.0)) <= 0.5001);
    }
    CHECK(signed_entry(table, 3) == 0);
    const Table8 unsigned_table =
        function_table8(Function::tanh, false, {0.05F, 128}, {1.0F / 128, 128});
    CHECK(unsigned_table[128] == 128);
    CHECK(unsigned_table[255] == 255);
    CHECK(unsigned_table[0] == 0);
}

TEST_CASE("functions outside of their domain give the lowest output") {
    const Table8 table = function_table8(Function::log, true, {0.1F, 0}, {0.05F, 0});
    CHECK(signed_entry(table, 0) == -128);
    CHECK(signed_entry(table, -100) == -128);
    CHECK(signed_entry(table, 10) == 0);
    const Table16 roots = function_table16(Function::sqrt, {0.001F, 0}, {0.001F, 0});
    CHECK(look_up16(roots, -20000) == -32768);
    CHECK(look_up16(roots, 16000) == Approx(4000).margin(2));
    CHECK_THROWS_AS(function_table8(Function::exp, true, {0.0F, 0}, {1.0F, 0}),
                    u65sim::InvalidModel);
}

TEST_CASE("hard swish and leaky relu follow their integer steps") {
    const Table8 swish = hard_swish_table8(true, {0.05F, -5}, {0.03F, -110});
    const Table8 leaky = leaky_relu_table8(true, {0.1F, 10}, {0.05F, -3}, 0.25F);
    for (int x = -128; x < 128; ++x) {
        const double real = 0.05 * (x + 5);
        const double exact = real * std::min(std::max(real + 3, 0.0), 6.0) / 6 / 0.03 - 110;
        CHECK(std::abs(signed_entry(swish, x) - std::min(exact, 127.0)) < 1.2);
        const double value = (x - 10) * (x < 10 ? 0.5 : 2.0) - 3;
        const double bounded = std::min(std::max(value, -128.0), 127.0);
        CHECK(std::abs(signed_entry(leaky, x) - bounded) <= 0.5);
    }
}

TEST_CASE("softmax tables hold the published constants") {
    const Table16 exponential = softmax_exp_table16();
    CHECK(exponential[0] == 0x00000002);
    CHECK(exponential[511] == 0x027A7D85);
    const Table16 reciprocal = softmax_reciprocal_table16();
    CHECK(reciprocal[0] == 0xFFC17FFF);
    CHECK(reciprocal[159] == 0xFFDC61AB);  // only double precision gives this one
    CHECK(reciprocal[511] == 0xFFF04010);
    const Table8To32 steps = softmax_exp_table8(1.0F, 0.1F);
    CHECK(steps[255] == std::numeric_limits<std::int32_t>::max());
    CHECK(steps[245] / 2147483648.0 == Approx(std::exp(-1.0)).epsilon(1e-6));
    CHECK(softmax_exp_table8(1.0F, 1.0F)[0] == 0);  // below the range of the fixed point
}

TEST_CASE("inverse square roots match the integer reference values") {
    const auto fixed = [](std::int32_t value) {
        const InverseSquareRoot root = inverse_square_root(value);
        return multiply_by_quantised(
            1, {static_cast<std::uint32_t>(root.significand), 11 - root.exponent});
    };
    CHECK(fixed(1) == 0x00100000);
    CHECK(fixed(2) == 0x000B504E);
    CHECK(fixed(3) == 0x00093CD4);
    CHECK(fixed(255) == 0x00010080);
}

TEST_CASE("the output unit's 16-bit functions are odd and saturate") {
    for (int x = -98304; x <= 98304; x += 37) {
        CHECK(std::abs(tanh16(x) - 32768.0 * std::tanh(x / 12288.0)) < 8);
        CHECK(std::abs(logistic16(x) - 32768.0 / (1.0 + std::exp(-x / 12288.0))) < 4);
    }
    CHECK(tanh16(1 << 30) == 32767);
    CHECK(tanh16(-(1 << 30)) == -32767);
    CHECK(logistic16(std::numeric_limits<std::int32_t>::min()) == 1);
}
