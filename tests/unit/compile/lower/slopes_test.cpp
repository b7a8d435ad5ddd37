// Which of PRELU's two lines a result follows.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "arith/scaling.hpp"
#include "compile/lower/slopes.hpp"

using namespace u65sim;
using namespace u65sim::compiler;

namespace {

Tensor tensor(float scale, std::int64_t zero, std::vector<std::uint8_t> bytes = {}) {
    Tensor t;
    t.shape = {static_cast<std::int32_t>(std::max<std::size_t>(bytes.size(), 1))};
    t.quantization = {{scale}, {zero}, 0};
    if (!bytes.empty()) t.data = ConstantData(std::move(bytes));
    return t;
}

std::uint8_t byte(int value) { return static_cast<std::uint8_t>(value); }

std::int64_t rescaled(std::int64_t value, arith::Multiplier m) {
    return arith::round_shift(value, m.multiplier, m.shift, arith::RoundingMode::tfl);
}

}  // namespace

TEST_CASE("slopes: up to one the larger line, from one on the smaller") {
    const Tensor map = tensor(0.05F, -3), result = tensor(0.04F, 10);
    const Tensor slope = tensor(0.01F, 0, {byte(-128), byte(0), byte(50), byte(120)});
    CHECK(SlopedLines(map, slope, result).bends(slope) ==
          std::vector{Bend::up, Bend::up, Bend::up, Bend::down});
}

TEST_CASE("slopes: a slope of one has one line") {
    const Tensor map = tensor(0.05F, -3), result = tensor(0.05F, -3);
    const Tensor slope = tensor(0.5F, 0, {byte(2)});
    CHECK(SlopedLines(map, slope, result).bends(slope) == std::vector{Bend::straight});
}

TEST_CASE("slopes: the zero point is taken off") {
    const Tensor map = tensor(0.05F, 0), result = tensor(0.05F, 0);
    const Tensor slope = tensor(0.01F, -100, {byte(-100), byte(20)});
    CHECK(SlopedLines(map, slope, result).bends(slope) == std::vector{Bend::up, Bend::down});
}

TEST_CASE("slopes: the line that is named is the result for every value of the map") {
    std::uint32_t state = 7;
    const auto drawn = [&](int low, int high) {
        state = state * 1664525 + 1013904223;
        return low + static_cast<int>((state >> 8) % static_cast<std::uint32_t>(high - low + 1));
    };
    int undecided = 0;
    for (int round = 0; round < 300; ++round) {
        const int zero = drawn(-128, 127);
        const Tensor map = tensor(0.001F * static_cast<float>(drawn(1, 400)), zero);
        const Tensor result = tensor(0.001F * static_cast<float>(drawn(1, 400)), 0);
        const int factor = drawn(1, 127);
        const Tensor slope =
            tensor(static_cast<float>(drawn(900, 1100)) * 0.001F / static_cast<float>(factor), 0,
                   {byte(factor)});
        const SlopedLines lines(map, slope, result);
        const auto bends = lines.bends(slope);
        bool up = true, down = true;
        for (int x = -128 - zero; x <= 127 - zero; ++x) {
            const std::int64_t kept = rescaled(x, lines.kept());
            const std::int64_t sloped = rescaled(std::int64_t{x} * factor, lines.sloped());
            const std::int64_t wanted = x >= 0 ? kept : sloped;
            up = up && wanted == std::max(kept, sloped);
            down = down && wanted == std::min(kept, sloped);
        }
        CAPTURE(round, up, down);
        REQUIRE(bends.has_value() == (up || down));
        if (!bends) {
            ++undecided;
            continue;
        }
        CHECK(bends->front() == (up && down ? Bend::straight : up ? Bend::up : Bend::down));
    }
    // Roundings of two scales do leave some without a line.
    CHECK(undecided > 0);
}
