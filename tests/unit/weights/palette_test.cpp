#include "weights/palette.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/weights/generators.hpp"

using namespace u65sim::weights;

namespace {

Histogram histogram_of(const std::vector<std::int16_t>& weights) {
    Histogram histogram{};
    for (const int weight : weights) ++histogram[code_of(weight)];
    return histogram;
}

/// Bits of a section of these weights, counted one weight after another in every mode.
std::uint64_t counted_bits(const Palette& palette, const std::vector<std::int16_t>& weights) {
    const auto table = index_table(palette);
    std::uint32_t largest = 0;
    for (const int weight : weights) {
        largest = std::max<std::uint32_t>(largest, table[code_of(weight)]);
    }
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    if (palette.size == 0 || largest < palette.size) {
        least = weights.size() * palette.index_bits();
    }
    for (std::uint32_t d = 0; d <= largest_weight_divisor; ++d) {
        std::uint64_t plain = 0, truncated = 0;
        for (const int weight : weights) {
            const std::uint32_t quotient = std::uint32_t{table[code_of(weight)]} >> d;
            plain += 1 + d + quotient;
            truncated += 1 + d + std::min(quotient, 1U);
        }
        if (largest >> d <= largest_quotient) least = std::min(least, plain);
        if (largest >> d <= largest_truncated_quotient) least = std::min(least, truncated);
    }
    return slice_header_bits + palette_header_bits +
           std::uint64_t{palette.size} * palette.entry_bits + least;
}

}  // namespace

TEST_CASE("palette: a choice takes the bits that its weights come to, one by one") {
    for (std::uint64_t seed = 1; seed < 40; ++seed) {
        const double width = static_cast<double>(seed * seed) / 20;
        for (const auto& weights :
             {testing::gauss(3000, width, seed), testing::laplace(700, width, seed),
              testing::with_zeros(testing::uniform(200, -90, 120, seed), 0.5, seed),
              testing::uniform(1 + 3 * seed, 40, 41 + static_cast<int>(seed), seed),
              testing::uniform(5000, -255, 255, seed)}) {
            CAPTURE(seed, weights.size());
            const PaletteChoice choice = choose_palette(histogram_of(weights));
            CHECK(choice.bits == counted_bits(choice.palette, weights));
        }
    }
}

TEST_CASE("palette: the most frequent codes come first, of equally frequent ones the smaller") {
    Histogram histogram{};
    for (std::uint32_t code = 100; code < 140; ++code) histogram[code] = 1;
    for (const std::uint32_t code : {3U, 9U, 5U, 300U}) histogram[code] = 1000;
    histogram[9] = 2000;
    const Palette palette = frequent_palette(histogram).palette;
    REQUIRE(palette.size == largest_palette);
    const std::vector<std::uint16_t> first(palette.entries.begin(), palette.entries.begin() + 6);
    CHECK(first == std::vector<std::uint16_t>{9, 3, 5, 300, 100, 101});
}
