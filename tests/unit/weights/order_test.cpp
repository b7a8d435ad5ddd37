#include "weights/order.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

#include <u65sim/error.hpp>

#include "unit/weights/generators.hpp"

using namespace u65sim;
using namespace u65sim::weights;
using namespace u65sim::weights::testing;

namespace {

int round_up(int value, int step) { return (value + step - 1) / step * step; }

struct Shape {
    int outputs, height, width, inputs;
    [[nodiscard]] std::size_t size() const {
        return static_cast<std::size_t>(outputs) * height * width * inputs;
    }
};

/// The brick order spelled out: one loop per level, one weight at a time.
Weights plain_order(const Weights& values, const Shape& shape, const Order& order) {
    const bool depthwise = order.traversal == Traversal::depthwise;
    const bool part = order.traversal == Traversal::part_kernel_first;
    const int dh = 8 / order.dilation_y, dw = 8 / order.dilation_x;
    const int step = part || order.ifm_bits == 16 ? 16 : 32;
    const int uo = order.ofm_ublock_depth, ui = order.ifm_ublock_depth;
    Weights stream;
    const auto emit = [&](int o, int y, int x, int i, bool inside) {
        if (!inside || o >= shape.outputs || i >= shape.inputs) {
            stream.push_back(0);
        } else {
            stream.push_back(
                values[((std::size_t(o) * shape.height + y) * shape.width + x) * shape.inputs + i]);
        }
    };
    for (int oz = 0; oz < shape.outputs; oz += order.block_depth) {
        for (int iz = 0; iz < (depthwise ? 1 : shape.inputs); iz += step) {
            const int di = depthwise ? ui : part ? std::min(step, shape.inputs - iz) : step;
            for (int sy = 0; sy < shape.height; sy += dh) {
                for (int sx = 0; sx < shape.width; sx += dw) {
                    const int sh = std::min(shape.height - sy, dh);
                    const int sw = std::min(shape.width - sx, dw);
                    int elements = sh * sw;
                    if (part) elements = round_up(elements, order.ifm_bits == 16 ? 2 : 4);
                    if (depthwise) elements = round_up(elements, 4);
                    for (int outer = 0; outer < (part ? di : 1); outer += ui) {
                        for (int ou = 0; ou < std::min(order.block_depth, shape.outputs - oz);
                             ou += uo) {
                            for (int e = 0; e < elements; ++e) {
                                for (int inner = 0; inner < (part ? 1 : di); inner += ui) {
                                    for (int o = 0; o < uo; ++o) {
                                        for (int i = 0; i < (depthwise ? 1 : ui); ++i) {
                                            emit(oz + ou + o, sy + e / sw, sx + e % sw,
                                                 iz + outer + inner + i, e / sw < sh);
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    return stream;
}

Weights ordered(const Weights& values, const Shape& shape, const Order& order) {
    return to_stream_order({shape.outputs, shape.height, shape.width, shape.inputs, values}, order);
}
std::size_t length(const Shape& shape, const Order& order) {
    return stream_length(shape.outputs, shape.height, shape.width, shape.inputs, order);
}

}  // namespace

TEST_CASE("known brick sizes") {
    CHECK(length({8, 1, 1, 8}, {.traversal = Traversal::depth_first, .block_depth = 8}) == 256);
    CHECK(length({8, 3, 3, 1}, {.traversal = Traversal::depthwise, .block_depth = 8}) == 96);
    const Shape first_layer{32, 3, 3, 3};
    CHECK(length(first_layer, {.traversal = Traversal::part_kernel_first, .block_depth = 32}) ==
          3072);
    CHECK(length(first_layer, {.traversal = Traversal::depth_first, .block_depth = 32}) == 9216);
    CHECK(length({0, 1, 1, 8}, {}) == 0);
}

TEST_CASE("every traversal follows the spelled-out order, and comes back") {
    Random random{41};
    for (int round = 0; round < 600; ++round) {
        Order order;
        order.traversal = static_cast<Traversal>(random.between(0, 2));
        order.block_depth = random.between(1, 6) * (random.between(0, 3) == 0 ? 3 : 8);
        order.ifm_bits = random.between(0, 1) == 0 ? 8 : 16;
        order.dilation_y = random.between(1, 2);
        order.dilation_x = random.between(1, 2);
        order.ofm_ublock_depth = random.between(0, 3) == 0 ? 4 : 8;
        const bool depthwise = order.traversal == Traversal::depthwise;
        const Shape shape{random.between(1, 50), random.between(1, 10), random.between(1, 10),
                          depthwise ? 1 : random.between(1, 70)};
        const Weights values = uniform(shape.size(), -255, 255, random.next());
        const Weights stream = ordered(values, shape, order);
        const bool same = stream == plain_order(values, shape, order);
        CAPTURE(round, shape.outputs, shape.height, shape.width, shape.inputs, order.block_depth);
        REQUIRE(same);
        REQUIRE(stream.size() == length(shape, order));
        const bool back = from_stream_order(stream, shape.outputs, shape.height, shape.width,
                                            shape.inputs, order) == values;
        REQUIRE(back);
    }
}

TEST_CASE("the stream holds every weight, and zeros for the rest") {
    const Shape shape{24, 3, 3, 40};
    const Weights values(shape.size(), 1);
    for (const auto traversal : {Traversal::depth_first, Traversal::part_kernel_first}) {
        const Weights stream = ordered(values, shape, {.traversal = traversal, .block_depth = 16});
        CHECK(static_cast<std::size_t>(std::count(stream.begin(), stream.end(), 1)) ==
              values.size());
        CHECK(static_cast<std::size_t>(std::count(stream.begin(), stream.end(), 0)) ==
              stream.size() - values.size());
    }
}

TEST_CASE("orders refuse what does not fit together") {
    const Weights values(64, 1);
    CHECK_THROWS_AS(to_stream_order({8, 1, 1, 9, values}, {}), InvalidStream);
    CHECK_THROWS_AS(stream_length(8, 1, 1, 8, {.block_depth = 0}), InvalidStream);
    CHECK_THROWS_AS(stream_length(8, 1, 1, 8, {.ifm_bits = 12}), InvalidStream);
    CHECK_THROWS_AS(stream_length(8, 1, 1, 8, {.dilation_y = 9}), InvalidStream);
    CHECK_THROWS_AS(stream_length(-8, 1, 1, 8, {}), InvalidStream);
    CHECK_THROWS_AS(stream_length(8, 1, 1, 2, {.traversal = Traversal::depthwise}), InvalidStream);
    const Weights stream(255);
    CHECK_THROWS_AS(from_stream_order(stream, 8, 1, 1, 8, {}), InvalidStream);
}

TEST_CASE("cores share the channels in turn") {
    CHECK(channels_of_core(10, 5, 0, 2) == std::vector<std::int32_t>{10, 12, 14});
    CHECK(channels_of_core(10, 5, 1, 2) == std::vector<std::int32_t>{11, 13});
    CHECK(channels_of_core(0, 1, 1, 2).empty());
    CHECK(block_depth_of_core(16, 0, 2) == 8);
    CHECK(block_depth_of_core(17, 0, 2) == 9);
    CHECK(block_depth_of_core(17, 1, 2) == 8);
    for (int cores = 1; cores <= 4; ++cores) {
        std::multiset<std::int32_t> all;
        int depth = 0;
        for (int core = 0; core < cores; ++core) {
            const auto channels = channels_of_core(3, 29, core, cores);
            all.insert(channels.begin(), channels.end());
            depth += block_depth_of_core(29, core, cores);
        }
        CHECK(all.size() == 29);
        CHECK(*all.begin() == 3);
        CHECK(*all.rbegin() == 31);
        CHECK(depth == 29);
    }
    CHECK_THROWS_AS(channels_of_core(0, 4, 2, 2), InvalidStream);
    CHECK_THROWS_AS(block_depth_of_core(8, 0, 0), InvalidStream);
}
