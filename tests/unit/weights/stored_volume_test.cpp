// Weights read where they are stored: the same codes as of values arranged before.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/weights/generators.hpp"
#include "weights/codec.hpp"
#include "weights/order.hpp"
#include "weights/stream_format.hpp"

using namespace u65sim::weights;
using namespace u65sim::weights::testing;

namespace {

/// A stored volume with its memory, and the values it stands for in OHWI order.
struct Case {
    std::vector<std::uint8_t> bytes;
    std::vector<std::int16_t> zeros;
    StoredVolume stored;
    Weights values;

    [[nodiscard]] Volume arranged() const {
        return {stored.output_depth, stored.height, stored.width, stored.input_depth, values};
    }
};

std::int32_t pick(Random& random, int low, int high) {
    return static_cast<std::int32_t>(random.between(low, high));
}

/// Every `step`th output channel of a random tensor: OHWI, or HWIO where one channel follows
/// another; rows and columns backwards in one of three.
Case make_case(Random& random, bool depthwise) {
    Case made;
    StoredVolume& v = made.stored;
    const std::int32_t step = pick(random, 1, 2), rows = pick(random, 1, 5);
    const std::int32_t columns = pick(random, 1, 5);
    v.output_depth = pick(random, 1, 40);
    v.input_depth = depthwise ? 1 : pick(random, 1, 70);
    v.spread_y = pick(random, 1, 2);
    v.spread_x = pick(random, 1, 2);
    v.height = (rows - 1) * v.spread_y + 1;
    v.width = (columns - 1) * v.spread_x + 1;
    v.is_unsigned = random.next() % 2 == 0;
    const std::ptrdiff_t outputs = std::ptrdiff_t{v.output_depth} * step;
    const bool outputs_last = random.next() % 2 == 0;
    if (outputs_last) {
        v.output_step = step;
        v.input_step = outputs;
        v.column_step = v.input_depth * outputs;
        v.row_step = columns * v.column_step;
    } else {
        v.input_step = 1;
        v.column_step = v.input_depth;
        v.row_step = columns * v.column_step;
        v.output_step = step * rows * v.row_step;
    }
    made.bytes.resize(static_cast<std::size_t>(outputs * rows * columns * v.input_depth));
    for (auto& byte : made.bytes) byte = static_cast<std::uint8_t>(random.next() >> 56);
    v.data = made.bytes.data();
    if (random.next() % 3 == 0) {
        v.data += (rows - 1) * v.row_step + (columns - 1) * v.column_step;
        v.row_step = -v.row_step;
        v.column_step = -v.column_step;
    }
    for (std::int32_t o = 0; o < v.output_depth; ++o) {
        const int zero = pick(random, 0, 255);
        made.zeros.push_back(static_cast<std::int16_t>(v.is_unsigned ? zero : zero - 128));
    }
    for (std::int32_t o = 0; o < v.output_depth; ++o) {
        for (std::int32_t y = 0; y < v.height; ++y) {
            for (std::int32_t x = 0; x < v.width; ++x) {
                for (std::int32_t i = 0; i < v.input_depth; ++i) {
                    if (y % v.spread_y != 0 || x % v.spread_x != 0) {
                        made.values.push_back(0);
                        continue;
                    }
                    const std::uint8_t byte =
                        v.data[o * v.output_step + y / v.spread_y * v.row_step +
                               x / v.spread_x * v.column_step + i * v.input_step];
                    const int raw = v.is_unsigned ? byte : static_cast<std::int8_t>(byte);
                    made.values.push_back(
                        static_cast<std::int16_t>(raw - made.zeros[static_cast<std::size_t>(o)]));
                }
            }
        }
    }
    v.zero_points = made.zeros;
    return made;
}

Order make_order(Random& random, Traversal traversal) {
    Order order{.traversal = traversal, .block_depth = 8 * pick(random, 1, 4)};
    order.ifm_bits = random.next() % 2 == 0 ? 8 : 16;
    if (random.next() % 4 == 0) order.ofm_ublock_depth = 4;
    return order;
}

}  // namespace

TEST_CASE("stored weights become the codes of their values in stream order") {
    Random random{11};
    for (int round = 0; round < 300; ++round) {
        const auto traversal = static_cast<Traversal>(round % 3);
        const Case made = make_case(random, traversal == Traversal::depthwise);
        const Order order = make_order(random, traversal);
        const Weights stream = to_stream_order(made.arranged(), order);
        const std::size_t part = 64 * static_cast<std::size_t>(pick(random, 1, 20));
        Weights codes;
        std::size_t last = part;
        for_each_part(made.stored, order, part, [&](std::span<const std::uint16_t> some) {
            CHECK(last == part);
            last = some.size();
            for (const std::uint16_t code : some) codes.push_back(weight_of(code));
        });
        const bool same = codes == stream;
        REQUIRE(same);
        const bool same_bytes = encode(made.stored, order) == encode(stream);
        REQUIRE(same_bytes);
        CHECK(encoded_size(made.stored, order) == encoded_size(stream));
    }
}

TEST_CASE("a stored volume without data is ones") {
    StoredVolume ones{.output_depth = 9, .height = 2, .width = 3, .input_depth = 5};
    const Weights values(9 * 2 * 3 * 5, 1);
    const Order order;
    const bool same = encode(ones, order) == encode(to_stream_order({9, 2, 3, 5, values}, order));
    REQUIRE(same);
    ones.output_depth = 0;
    CHECK(encoded_size(ones, order) == 16);
}

TEST_CASE("the estimated size of a large volume is near the size, that of a small one exact") {
    // Each output channel has a scale of its own.
    const std::int32_t outputs = 320, inputs = 96;
    for (const std::int32_t edge : {1, 3}) {
        Random random{5};
        std::vector<std::uint8_t> bytes;
        for (std::int32_t o = 0; o < outputs; ++o) {
            const double scale = 4 + 24 * random.unit();
            for (std::int32_t i = 0; i < edge * edge * inputs; ++i) {
                const double value = std::clamp(scale * random.laplace(), -127.0, 127.0);
                bytes.push_back(static_cast<std::uint8_t>(static_cast<int>(value)));
            }
        }
        const std::vector<std::int16_t> zeros(static_cast<std::size_t>(outputs), 0);
        StoredVolume volume{.output_depth = outputs,
                            .height = edge,
                            .width = edge,
                            .input_depth = inputs,
                            .data = bytes.data(),
                            .output_step = edge * edge * inputs,
                            .row_step = edge * inputs,
                            .column_step = inputs,
                            .input_step = 1,
                            .zero_points = zeros};
        for (const auto traversal : {Traversal::depth_first, Traversal::part_kernel_first}) {
            for (const std::int32_t depth : {16, 64, 160}) {
                const Order order{.traversal = traversal, .block_depth = depth};
                volume.output_depth = outputs;
                const auto exact = static_cast<double>(encoded_size(volume, order));
                const auto estimate = static_cast<double>(estimated_size(volume, order));
                INFO(edge << "x" << edge << ", blocks of " << depth << ": " << estimate << " of "
                          << exact);
                CHECK(std::abs(estimate / exact - 1) < 0.03);
                volume.output_depth = 24;
                CHECK(estimated_size(volume, order) == encoded_size(volume, order));
            }
        }
    }
}
