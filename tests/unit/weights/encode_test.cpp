#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>

#include "unit/weights/generators.hpp"
#include "weights/codec.hpp"

using namespace u65sim;
using namespace u65sim::weights;
using namespace u65sim::weights::testing;

namespace {

void check_round_trip(const Weights& weights) {
    for (const Coding coding : {Coding::smallest, Coding::uniform, Coding::frequent}) {
        const std::vector<std::uint8_t> stream = encode(weights, coding);
        CHECK(stream.size() % 16 == 0);
        CHECK(stream.size() == encoded_size(weights, coding));
        // REQUIRE of the vectors would print them.
        const bool same = decode(stream) == weights;
        REQUIRE(same);
    }
}

/// `count` weights of one of nine kinds.
Weights piece(Random& random, std::size_t count) {
    const std::uint64_t seed = random.next();
    switch (random.next() % 9) {
        case 0:
            return uniform(count, -255, 255, seed);
        case 1:
            return uniform(count, -128, 127, seed);
        case 2:
            return Weights(count, 0);
        case 3:
            return Weights(count, static_cast<std::int16_t>(random.between(-255, 255)));
        case 4:
            return gauss(count, 60 * random.unit() * random.unit(), seed);
        case 5:
            return with_zeros(laplace(count, 20, seed), random.unit(), seed + 1);
        case 6:
            return uniform(count, -random.between(0, 8), random.between(0, 8), seed);
        case 7:
            return with_zeros(uniform(count, 1, 3, seed), 0.99, seed + 1);
        default: {
            Weights values = uniform(1 + random.next() % 40, -255, 255, seed);
            Weights weights(count);
            for (auto& w : weights) w = values[random.next() % values.size()];
            return weights;
        }
    }
}

}  // namespace

TEST_CASE("encode loses nothing: every length up to 200") {
    Random random{5};
    for (std::size_t count = 0; count <= 200; ++count) check_round_trip(piece(random, count));
}

TEST_CASE("encode loses nothing: every single weight") {
    for (int weight = -255; weight <= 255; ++weight) {
        check_round_trip({static_cast<std::int16_t>(weight)});
        check_round_trip({0, 0, static_cast<std::int16_t>(weight), 0});
    }
}

TEST_CASE("encode loses nothing: mixtures") {
    Random random{17};
    for (int round = 0; round < 300; ++round) {
        Weights weights;
        for (std::uint64_t parts = 1 + random.next() % 6; parts > 0; --parts) {
            const Weights more = piece(random, 1 + random.next() % 3000);
            weights.insert(weights.end(), more.begin(), more.end());
        }
        check_round_trip(weights);
    }
}

TEST_CASE("encode loses nothing: streams longer than a slice and than a part") {
    Random random{23};
    check_round_trip(Weights(32768, 7));
    check_round_trip(Weights(32769, 0));
    check_round_trip(gauss(300'000, 20));
    check_round_trip(with_zeros(gauss(300'000, 20), 0.97));
    check_round_trip(Weights(1'000'000, 0));
    check_round_trip(with_zeros(Weights(500'000, -255), 0.9999));
}

TEST_CASE("encode refuses weights of more than nine bits") {
    CHECK_THROWS_WITH(encode(Weights{0, 0, 256}), Catch::Contains("weight 2 is 256"));
    CHECK_THROWS_AS(encode(Weights{-256}), InvalidStream);
    CHECK_THROWS_AS(encoded_size(Weights{-32768}), InvalidStream);
}

TEST_CASE("an empty stream is an end marker") {
    CHECK(encode({}) == std::vector<std::uint8_t>(16, 0xFF));
    CHECK(encoded_size({}) == 16);
}

// Bytes the vendor's encoder was measured to need for these very weights; ours may stay below.
TEST_CASE("encoded sizes stay within one percent of the vendor's encoder") {
    constexpr std::size_t count = 65536;
    struct Row {
        const char* name;
        std::size_t bytes;
        Weights weights;
    };
    const Row rows[] = {
        {"uniform -127..127", 65552, uniform(count, -127, 127)},
        {"uniform -128..127", 73744, uniform(count, -128, 127)},
        {"Gauss 1", 18256, gauss(count, 1)},
        {"Gauss 2", 26000, gauss(count, 2)},
        {"Gauss 5", 38464, gauss(count, 5)},
        {"Gauss 10", 47296, gauss(count, 10)},
        {"Gauss 20", 57168, gauss(count, 20)},
        {"Gauss 30", 57760, gauss(count, 30)},
        {"Gauss 45", 63728, gauss(count, 45)},
        {"Gauss 60", 65552, gauss(count, 60)},
        {"Gauss 90", 65552, gauss(count, 90)},
        {"Laplace 5", 40928, laplace(count, 5)},
        {"Laplace 10", 51120, laplace(count, 10)},
        {"Laplace 20", 59648, laplace(count, 20)},
        {"Laplace 30", 60752, laplace(count, 30)},
        {"int4", 32800, uniform(count, -8, 7)},
        {"int2", 16400, uniform(count, -2, 1)},
        {"ternary", 13648, uniform(count, -1, 1)},
        {"binary", 8208, uniform(count, 0, 1)},
        {"zero", 1040, Weights(count, 0)},
        {"one value", 8208, Weights(count, 5)},
        {"std 10, 25 % zeros", 42016, with_zeros(gauss(count, 10), 0.25)},
        {"std 10, 50 % zeros", 30880, with_zeros(gauss(count, 10), 0.50)},
        {"std 10, 80 % zeros", 14976, with_zeros(gauss(count, 10), 0.80)},
        {"std 10, 95 % zeros", 4800, with_zeros(gauss(count, 10), 0.95)},
        {"std 30, 25 % zeros", 50688, with_zeros(gauss(count, 30), 0.25)},
        {"std 30, 50 % zeros", 36720, with_zeros(gauss(count, 30), 0.50)},
        {"std 30, 80 % zeros", 17408, with_zeros(gauss(count, 30), 0.80)},
        {"std 30, 95 % zeros", 5440, with_zeros(gauss(count, 30), 0.95)},
        {"std 60, 25 % zeros", 57008, with_zeros(gauss(count, 60), 0.25)},
        {"std 60, 70 % zeros", 26864, with_zeros(gauss(count, 60), 0.70)},
        {"std 60, 90 % zeros", 10432, with_zeros(gauss(count, 60), 0.90)},
        {"std 10, 50 % pruned", 27264, magnitude_pruned(count, 10, 0.50)},
        {"std 10, 80 % pruned", 12432, magnitude_pruned(count, 10, 0.80)},
        {"std 30, 25 % pruned", 50224, magnitude_pruned(count, 30, 0.25)},
        {"std 30, 70 % pruned", 24528, magnitude_pruned(count, 30, 0.70)},
        {"std 60, 90 % pruned", 9856, magnitude_pruned(count, 60, 0.90)},
        {"4 equal clusters", 16400, clustered(count, 4)},
        {"16 equal clusters", 32800, clustered(count, 16)},
        {"32 equal clusters", 41008, clustered(count, 32)},
        {"33 equal clusters", 45232, clustered(count, 33)},
        {"40 equal clusters", 48176, clustered(count, 40)},
        {"48 equal clusters", 51248, clustered(count, 48)},
        {"64 equal clusters", 57232, clustered(count, 64)},
        {"16 even clusters", 24624, evenly_clustered(count, 16)},
        {"32 even clusters", 32736, evenly_clustered(count, 32)},
        {"48 even clusters", 41232, evenly_clustered(count, 48)},
        {"16 even clusters, 50 % zeros", 20688, with_zeros(evenly_clustered(count, 16), 0.50)},
        {"32 even clusters, 80 % zeros", 12656, with_zeros(evenly_clustered(count, 32), 0.80)},
    };
    for (const Row& row : rows) {
        const std::size_t bytes = encoded_size(row.weights);
        CAPTURE(row.name, bytes, row.bytes);
        CHECK(bytes * 100 <= row.bytes * 101);
        CHECK(bytes * 100 >= row.bytes * 85);
    }
}

TEST_CASE("small streams pay for header, palette and padding, not more than the vendor's do") {
    struct Row {
        std::size_t count;
        double bits;
    };
    for (const Row row : {Row{16, 16.0}, Row{64, 12.0}, Row{128, 9.0}, Row{256, 8.5},
                          Row{1024, 8.13}, Row{4096, 8.03}}) {
        const Weights weights = uniform(row.count, -127, 127);
        const double bits =
            8.0 * static_cast<double>(encoded_size(weights)) / static_cast<double>(row.count);
        CAPTURE(row.count);
        CHECK(bits <= row.bits * 1.01);
    }
    CHECK(encoded_size(Weights(16, 5)) == 16);
    CHECK(encoded_size(Weights(16, 0)) == 16);
}

TEST_CASE("a long run of zeros is cheap wherever it stands") {
    Weights before(1000, 0), after(1000, 0);
    before.push_back(7);
    after.insert(after.begin(), 7);
    CHECK(encoded_size(before) == 32);
    CHECK(encoded_size(after) == 32);
}

// Bytes of fully connected layers' ranges in streams of Vela 5.0.0 (RNNoise), whose weights are
// about as these: uniform where the palette has no room, zeros where 90 and 114 input channels end
// inside 32, and none at 96.
TEST_CASE(
    "a uniform stream is as large as the vendor's where padding is a sixteenth of the weights") {
    struct Row {
        std::int32_t inputs, outputs;
        std::size_t bytes;
    };
    for (const Row row : {Row{90, 144, 14576}, Row{114, 288, 37168}, Row{96, 288, 27664}}) {
        CAPTURE(row.inputs, row.outputs);
        Weights weights = uniform(std::size_t(row.inputs) * std::size_t(row.outputs), 1, 127);
        for (std::size_t i = 0; i < weights.size(); i += 2) weights[i] = std::int16_t(-weights[i]);
        const Volume volume{row.outputs, 1, 1, row.inputs, weights};
        Order order;
        order.block_depth = 128;
        const std::size_t bytes = encoded_size(to_stream_order(volume, order), Coding::uniform);
        CHECK(bytes * 100 <= row.bytes * 102);
        CHECK(bytes * 100 >= row.bytes * 98);
    }
}

TEST_CASE("a uniform stream takes no zero runs where zeros stand alone") {
    const Weights weights = with_zeros(uniform(16384, -127, 127), 0.07);
    CHECK(encoded_size(weights, Coding::uniform) < 16384 + 64);
}

namespace {

/// The first slice's header: size and direct offset of its palette, with or without zero runs.
struct FirstPalette {
    bool zero_runs;
    std::uint32_t size, offset;
};
FirstPalette first_palette(const Weights& weights) {
    const std::vector<std::uint8_t> stream = encode(weights, Coding::frequent);
    const auto bits = [&](std::size_t from, std::size_t count) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < count; ++i) {
            value |= (stream[(from + i) / 8] >> (from + i) % 8 & 1U) << i;
        }
        return value;
    };
    // Divisor of zero runs, length, divisor of weights, two flags; then offset and size.
    const std::uint32_t size = bits(28, 5);
    return {bits(0, 3) != 6, size == 0 ? 0 : size + 1, bits(23, 5)};
}

}  // namespace

// As seen in streams of Vela 5.2 for 13 networks: 32 entries where the 32 most frequent weights
// are 50.1 % of all or more, none where they are 49.8 % or less; direct codes from 0, from 2 where
// zeros are runs.
TEST_CASE("GIVEN weights like a bell, THEN frequent coding lists 32 of them, else none") {
    const FirstPalette narrow = first_palette(gauss(4096, 15));
    CHECK_FALSE(narrow.zero_runs);
    CHECK(narrow.size == 32);
    CHECK(narrow.offset == 0);
    CHECK(first_palette(gauss(4096, 40)).size == 0);
    const FirstPalette sparse = first_palette(with_zeros(gauss(4096, 15), 0.5));
    CHECK(sparse.zero_runs);
    CHECK(sparse.size == 32);
    CHECK(sparse.offset == 2);
}

TEST_CASE("GIVEN a palette of 32 and codes from zero on, THEN other weights take a bit more each") {
    const Weights weights = gauss(65536, 15);
    const std::size_t ours = encoded_size(weights),
                      frequent = encoded_size(weights, Coding::frequent);
    CHECK(frequent * 100 > ours * 106);
    CHECK(frequent * 100 < ours * 112);
}
