#include <catch2/catch.hpp>

#include <u65sim/error.hpp>
#include <u65sim/graph_builder.hpp>

#include "ir/infer_shapes.hpp"

using namespace u65sim;

TEST_CASE("windows: SAME covers every stride, VALID only whole filters") {
    CHECK(ir::window_extent(49, 10, 2, 1, Padding::same) == 25);
    CHECK(ir::window_extent(224, 3, 2, 1, Padding::valid) == 111);
    CHECK(ir::window_extent(10, 3, 1, 2, Padding::valid) == 6);
    CHECK(ir::window_extent(4, 5, 1, 1, Padding::valid) == 0);
}

TEST_CASE("the builder infers the shape of every layer") {
    GraphBuilder net{"shapes"};
    const Value x = net.input({1, 16, 12, 8});
    CHECK(net.shape(net.conv2d(x, 24, {5, 3, 2, 1})) == Shape{1, 8, 12, 24});
    CHECK(net.shape(net.depthwise_conv2d(x, Window::square(3, 2))) == Shape{1, 8, 6, 8});
    CHECK(net.shape(net.transpose_conv(x, 4, Window::square(3, 2))) == Shape{1, 32, 24, 4});
    CHECK(net.shape(net.transpose_conv(x, 4, Window::square(2, 2, Padding::valid))) ==
          Shape{1, 32, 24, 4});
    CHECK(net.shape(net.fully_connected(x, 5)) == Shape{192, 5});
    CHECK(net.shape(net.max_pool(x, Window::square(2, 2, Padding::valid))) == Shape{1, 8, 6, 8});
    CHECK(net.shape(net.mean(x, {1, 2}, false)) == Shape{1, 8});
    CHECK(net.shape(net.mean(x, {1, 2}, true)) == Shape{1, 1, 1, 8});
    CHECK(net.shape(net.concat({x, x}, -1)) == Shape{1, 16, 12, 16});
    const auto parts = net.split(x, 4, 3);
    REQUIRE(parts.size() == 4);
    CHECK(net.shape(parts[3]) == Shape{1, 16, 12, 2});
    CHECK(net.shape(net.slice(x, {0, 2, 3, 0}, {1, 4, -1, 8})) == Shape{1, 4, 9, 8});
    CHECK(net.shape(net.reshape(x, {1, -1})) == Shape{1, 1536});
    CHECK(net.shape(net.transpose(x, {0, 2, 1, 3})) == Shape{1, 12, 16, 8});
    CHECK(net.shape(net.pad(x, {0, 1, 2, 0}, {0, 3, 4, 0})) == Shape{1, 20, 18, 8});
    CHECK(net.shape(net.resize_nearest(x, 32, 24)) == Shape{1, 32, 24, 8});
    CHECK(net.shape(net.add(x, net.constant({8}, std::vector<double>(8, 0.5)))) ==
          Shape{1, 16, 12, 8});
    net.output(net.prelu(x));
    const Graph graph = net.build();
    CHECK_NOTHROW(verify(graph));
}

TEST_CASE("operands that do not go together are refused with the operator's name") {
    GraphBuilder net{"wrong"};
    const Value x = net.input({1, 8, 8, 4});
    const Value y = net.input({1, 8, 7, 4}, "other");
    CHECK_THROWS_WITH(net.add(x, y, {.name = "sum"}), Catch::Contains("'sum'"));
    CHECK_THROWS_AS(net.reshape(x, {3, -1}), InvalidModel);
    CHECK_THROWS_AS(net.concat({x, y}, 3), InvalidModel);
    CHECK_THROWS_AS(net.split(x, 3, 3), InvalidModel);
    CHECK_THROWS_AS(net.conv2d(x, 0, Window::square(3)), InvalidModel);
    CHECK_THROWS_AS(net.conv2d(x, 4, Window::square(9, 1, Padding::valid)), InvalidModel);
    CHECK_THROWS_AS(net.relu(Value{}), InvalidModel);
    CHECK_THROWS_AS(net.relu(x, {.name = "other"}), InvalidModel);
}

TEST_CASE("multiply-accumulates of each kind with a window") {
    GraphBuilder net{"macs"};
    const Value x = net.input({1, 8, 8, 4});
    net.conv2d(x, 16, Window::square(3));                   // 64 * 16 * 36
    net.depthwise_conv2d(x, Window::square(3, 2));          // 16 * 4 * 9
    net.transpose_conv(x, 2, Window::square(3, 2));         // 256 * 9 * 2
    net.fully_connected(net.reshape(x, {1, -1}), 10);       // 256 * 10
    net.max_pool(x, Window::square(2, 2, Padding::valid));  // 16 * 4 * 4
    net.mean(x, {1, 2}, false);                             // 256
    net.output(net.add(x, x));
    const Graph graph = net.build();
    CHECK(count_macs(graph).count() == 36864 + 576 + 4608 + 2560 + 256 + 256);
    CHECK(count_parameters(graph) == (576 + 16) + (36 + 4) + (72 + 2) + (2560 + 10));
}
