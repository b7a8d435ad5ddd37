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

std::vector<std::uint8_t> bytes_of(const std::string& hex) {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

/// A stream built field by field.
class Fields {
public:
    Fields& put(std::uint32_t value, int bits) {
        for (int i = 0; i < bits; ++i, ++position_) {
            if (position_ % 8 == 0) bytes_.push_back(0);
            bytes_.back() |= static_cast<std::uint8_t>((value >> i & 1) << (position_ % 8));
        }
        return *this;
    }
    Fields& header(std::uint32_t zero_divisor, std::uint32_t count, std::uint32_t weight_divisor,
                   bool truncated, bool new_palette) {
        return put(zero_divisor, 3)
            .put(count - 1, 15)
            .put(weight_divisor, 3)
            .put(truncated, 1)
            .put(new_palette, 1);
    }
    Fields& palette(std::uint32_t offset, std::uint32_t size_field, std::uint32_t width_field) {
        return put(offset, 5).put(size_field, 5).put(width_field, 3);
    }
    std::vector<std::uint8_t> end() {
        put(7, 3);
        while (position_ % 8 != 0) put(1, 1);
        while (bytes_.size() % 16 != 0) bytes_.push_back(0xFF);
        return bytes_;
    }
    std::vector<std::uint8_t> bytes() const { return bytes_; }

private:
    std::vector<std::uint8_t> bytes_;
    int position_ = 0;
};

}  // namespace

TEST_CASE("streams of the vendor's encoder decode") {
    struct Example {
        const char* hex;
        Weights weights;
    };
    const std::vector<Example> examples = {
        {"7e004015a4000000f0ffffffffffffff", Weights(16, 5)},
        {"0200400010000e80ffffffffffffffff", Weights(16, 0)},
        {"11006021e26a00ec21f9ffffffffffff", {1, 0, 0, 0, 0, 0, -2, 0, 0, 0, 0, 0, 0, 0, 0, 3}},
        {"00004000100000e0ffffffffffffffff", {0}},
        {"0600c01ffe1f0000fcffffffffffffff", {-255}},
        // Gauss of deviation 4: Golomb-Rice with a palette.
        {"fe01480007ca12269dd1142235c2c75811a32ce52baa71449fc0922be8fb1340f5a4548c692706095000883c8"
         "0b7ff"
         "ff",
         {0,  1,  -1, -4, -2,  -4, 0, 5,  -2, -2, 2,  1,  0, -4, 0, 3,  -5, -2, -8, -5, -7, -1,
          -5, 1,  1,  -1, -10, -2, 0, 0,  -6, -2, -4, -3, 4, -3, 0, 4,  -2, 0,  0,  0,  -5, 0,
          5,  -6, 3,  0,  -3,  8,  3, -5, 0,  2,  -1, 3,  0, 3,  6, -3, 1,  -2, 1,  -5}},
        // Nine bits a weight: uncompressed without a palette.
        {"3e01547c7f3e3c78efd98f177f0d3af260c07ee9da2cc970214074e3c469e305547998f9454bc43201c28cb8f"
         "75e"
         "59401d0ef96f01a93b9298c2f07570613a184e6fabffffffffffffffffffffffffff",
         {-146, -133, 109, -236, 240, 192,  35,   -16,  134,  24,  -12,  -91, -27, 128,
          -227, -243, 113, -65,  155, -240, 208,  -193, -43,  239, -200, 81,  116, -37,
          -215, 12,   -34, 191,  93,  -80,  -226, 46,   -113, 94,  186,  -74}},
        // Four values: uncompressed with a palette.
        {"fe015c338c556bf060cd36c8156464e20c4b1dbca721f896f0ffffffffffffff",
         {3,   -90, -90, -7,  44, -7,  3,   -90, -7,  44,  44, 3,   44,  -7, -90, -90,
          -90, 44,  44,  -90, 3,  -90, 44,  -90, 3,   -90, 3,  44,  3,   -7, 44,  -7,
          44,  44,  -7,  3,   44, -90, -90, -7,  -90, 44,  44, -7,  -7,  3,  -7,  -90,
          3,   3,   -90, 44,  3,  44,  44,  3,   -7,  -7,  3,  -90, -90, 3,  44,  44}},
    };
    for (const Example& example : examples) {
        CAPTURE(example.hex);
        CHECK(decode(bytes_of(example.hex)) == example.weights);
    }
    Weights last(63, 0);
    last.push_back(1);
    CHECK(decode(bytes_of("030040112000f00770fcffffffffffff")) == last);
}

TEST_CASE("sparse streams of the vendor's encoder decode") {
    // Runs of zeros next to Golomb-Rice coded weights.
    Weights sparse(96, 0);
    const std::vector<std::pair<std::size_t, std::int16_t>> set = {
        {4, 34},  {12, 9}, {23, -59}, {25, 15},  {27, 35},  {41, -19}, {50, -50},
        {51, 54}, {59, 2}, {63, 29},  {75, -52}, {76, -31}, {82, 29}};
    for (const auto& [at, weight] : set) sparse[at] = weight;
    CHECK(
        decode(bytes_of("5a0068b2aabbb3d36523f177f248087b59e35626a31538cf5600043f0d00a0002080feffff"
                        "ffffffffffffffffffff")) == sparse);
    // Runs of zeros next to uncompressed palette indices.
    const Weights raw = {44, 0,  -90, -7, 0,  -7, 0,   3,   0,  3,   0,   -90, 3,  0,   3,  0,  0,
                         0,  44, 0,   3,  0,  0,  -90, 44,  0,  -90, 0,   0,   0,  -90, 0,  0,  44,
                         -7, 0,  0,   3,  0,  0,  0,   -90, 0,  3,   -7,  0,   0,  0,   44, 0,  3,
                         0,  0,  0,   44, 0,  44, 0,   44,  0,  0,   0,   -90, 44, 3,   0,  0,  0,
                         -7, 0,  0,   0,  -7, 0,  0,   0,   3,  -90, -90, 0,   44, 0,   0,  44, 0,
                         0,  0,  3,   0,  0,  0,  44,  0,   -7, 0,   0,   0,   3};
    CHECK(
        decode(bytes_of("31015c338c6550fb0020518a5f16a9772442399b605021489fc27e25e08c3d00000700faff"
                        "ffffffffffffffffffff")) == raw);
}

TEST_CASE("decode joins streams back to back and allows nothing at all") {
    CHECK(decode({}).empty());
    CHECK(decode(std::vector<std::uint8_t>(16, 0xFF)).empty());
    std::vector<std::uint8_t> two = encode(Weights{1, 2, 3});
    const std::vector<std::uint8_t> second = encode(Weights{-4});
    two.insert(two.end(), second.begin(), second.end());
    CHECK(decode(two) == Weights{1, 2, 3, -4});
}

TEST_CASE("decode refuses what the format forbids, naming the bit") {
    // A good stream first: one weight, index 0, direct code 2.
    Fields good;
    good.header(6, 1, 0, false, true).palette(2, 0, 0).put(0, 12);
    CHECK(decode(good.end()) == Weights{1});

    const auto refuses = [](const std::vector<std::uint8_t>& bytes, const char* text) {
        CHECK_THROWS_WITH(decode(bytes), Catch::Contains(text));
        CHECK_THROWS_AS(decode(bytes), InvalidStream);
    };
    refuses(Fields{}.header(5, 1, 0, false, true).palette(2, 0, 0).put(0, 12).end(),
            "bit 0: zero run divisor 5");
    refuses(Fields{}.header(6, 1, 6, false, true).palette(2, 0, 0).put(0, 12).end(),
            "bit 0: weight divisor 6");
    refuses(Fields{}.header(6, 1, 0, false, false).put(0, 12).end(), "must bring a palette");
    // Zero runs cannot begin without a palette: the second slice stands at bit 48.
    refuses(Fields{}
                .header(6, 1, 0, false, true)
                .palette(2, 0, 0)
                .put(0, 12)
                .header(0, 1, 0, false, false)
                .put(0, 12)
                .put(0, 12)
                .end(),
            "bit 48: zero runs start or stop");
    // Sixteen ones that all continue: a quotient of 32.
    refuses(Fields{}
                .header(6, 1, 0, false, true)
                .palette(0, 0, 0)
                .put(0xFFF, 12)
                .put(0xFFF, 12)
                .put(0xFFF, 12)
                .put(0xFFF, 12)
                .end(),
            "quotient is above 31");
    // Index 2 of a palette of two, raw.
    refuses(Fields{}
                .header(6, 1, 7, false, true)
                .palette(0, 2, 0)
                .put(0, 2)
                .put(1, 2)
                .put(2, 2)
                .put(3, 2)
                .end(),
            "palette has 3 entries");
    // Direct code 511 + 31.
    refuses(Fields{}.header(6, 1, 7, false, true).palette(31, 0, 7).put(511, 9).end(),
            "direct code 542");
    // No end marker.
    Fields open;
    open.header(6, 1, 0, false, true).palette(2, 0, 0).put(0, 12);
    refuses(open.bytes(), "bit 48: the stream has no end marker");
    // Ends inside a slice.
    refuses(Fields{}.header(6, 1000, 7, false, true).palette(0, 0, 7).end(), "ends inside a slice");
}

TEST_CASE("decode stops a stream that brings more weights than expected") {
    const Weights zeros(10'000, 0);
    const std::vector<std::uint8_t> stream = encode(zeros);
    CHECK(decode(stream, 10'000) == zeros);
    CHECK_THROWS_AS(decode(stream, 9'999), InvalidStream);
    CHECK_THROWS_AS(decode(encode(Weights{1, 2}), 1), InvalidStream);
}

TEST_CASE("decode of damaged streams gives weights or InvalidStream, nothing else") {
    Random random{99};
    const std::vector<Weights> originals = {gauss(700, 9), with_zeros(gauss(700, 20), 0.8),
                                            uniform(500, -2, 1), Weights(3000, 0),
                                            uniform(300, -255, 255)};
    int decoded = 0, refused = 0;
    const auto attempt = [&](const std::vector<std::uint8_t>& bytes) {
        try {
            // No bit expands to more than 16 weights, whatever the bytes.
            const Weights weights = decode(bytes);
            CHECK(weights.size() <= bytes.size() * 8 * 16 + 16);
            for (const int w : weights) REQUIRE(std::abs(w) <= 255);
            ++decoded;
        } catch (const InvalidStream&) {
            ++refused;
        }
    };
    for (int round = 0; round < 4000; ++round) {
        const Weights& original = originals[random.next() % originals.size()];
        std::vector<std::uint8_t> bytes = encode(original);
        switch (round % 4) {
            case 0:  // truncated
                bytes.resize(random.next() % bytes.size());
                break;
            case 1:  // one bit flipped
                bytes[random.next() % bytes.size()] ^=
                    static_cast<std::uint8_t>(1U << (random.next() % 8));
                break;
            case 2:  // a stretch overwritten
                for (std::size_t i = random.next() % bytes.size(), n = 0; i < bytes.size() && n < 8;
                     ++i, ++n) {
                    bytes[i] = static_cast<std::uint8_t>(random.next());
                }
                break;
            default:  // noise
                bytes.resize(1 + random.next() % 200);
                for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
        }
        attempt(bytes);
    }
    CHECK(decoded > 0);
    CHECK(refused > 0);
    CHECK(decoded + refused == 4000);
}
