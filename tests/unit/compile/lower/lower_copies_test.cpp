// Operators that move data: what is addresses alone, and what is copied.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

/// A convolution, `move`, and a convolution again.
template <typename Move>
std::string between_convolutions(Move move) {
    GraphBuilder net{"net"};
    const Value x =
        net.conv2d(net.input({1, 4, 6, 8}, "in"), 8, Window::square(1), {.name = "before"});
    net.output(net.conv2d(move(net, x), 8, Window::square(1), {.name = "after"}));
    return test::dump_after("lower", net.build());
}

}  // namespace

TEST_CASE("lower_copies: a slice is read where it lies") {
    CHECK(between_convolutions([](GraphBuilder& net, Value x) {
              return net.slice(x, {0, 1, 2, 0}, {1, 2, 3, 8}, {.name = "slice"});
          }) == R"(npu0
  0 before: conv in:4x6x8 -> before:4x6x8
  1 after: conv before@1,2,0:2x3x8 -> after:2x3x8
)");
}

TEST_CASE("lower_copies: a slice of the network's input for its output is a copy") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 4, 6, 8}, "in");
    net.output(net.slice(x, {0, 1, 0, 0}, {1, 2, 6, 8}, {.name = "slice"}));
    CHECK(test::dump_after("lower", net.build()) == R"(npu0
  0 slice: average_pool in@1,0,0:2x6x8 -> slice:2x6x8
)");
}

TEST_CASE("lower_copies: a reshape is another view of the same bytes") {
    CHECK(between_convolutions([](GraphBuilder& net, Value x) {
              return net.reshape(x, {1, 6, 4, 8}, {.name = "reshape"});
          }) == R"(npu0
  0 before: conv in:4x6x8 -> before:4x6x8
  1 after: conv before:6x4x8 -> after:6x4x8
)");
}

TEST_CASE("lower_copies: a transpose writes rows as columns, by strides") {
    GraphBuilder net{"net"};
    const Value in = net.input({1, 4, 6, 8}, "in");
    net.output(net.transpose(in, {0, 2, 1, 3}, {.name = "transpose"}));
    const auto kernels = test::kernels_of(compile(net.build(), test::target()));
    REQUIRE(kernels.size() == 1);
    CHECK(kernels[0].ifm.stride_y == 6 * 8);
    CHECK(kernels[0].ifm.stride_x == 8);
    // A row of the operand is a column of the result, which is 4 elements of 8 channels wide.
    CHECK(kernels[0].ofm.stride_y == 8);
    CHECK(kernels[0].ofm.stride_x == 4 * 8);
}

TEST_CASE("lower_copies: a transpose is a pool of one element") {
    CHECK(between_convolutions([](GraphBuilder& net, Value x) {
              return net.transpose(x, {0, 2, 1, 3}, {.name = "transpose"});
          }) == R"(npu0
  0 before: conv in:4x6x8 -> before:4x6x8
  1 transpose: average_pool before:4x6x8 -> transpose:4x6x8
  2 after: conv transpose:6x4x8 -> after:6x4x8
)");
}

TEST_CASE("lower_copies: further channels are the map behind a clamp of one value") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 4, 4, 16}, "x", Quantization{{0.5F}, {7}, 0});
    net.output(net.pad(x, {0, 0, 0, 0}, {0, 0, 0, 8}, {.name = "pad"}));
    const Graph graph = net.build();
    CHECK(test::dump_after("lower", graph) == R"(npu0
  0 pad: average_pool x:4x4x16 -> pad:4x4x16
  1 pad/2: average_pool x:4x4x8 -> pad@0,0,16:4x4x8
)");
    const auto kernels = test::kernels_of(compile(graph, test::target()));
    REQUIRE(kernels.size() == 2);
    CHECK(kernels[1].activation.min == 7);
    CHECK(kernels[1].activation.max == 7);
}

TEST_CASE("lower_copies: the map before a pad is written into it, and each border filled once") {
    CHECK(between_convolutions([](GraphBuilder& net, Value x) {
              return net.pad(x, {0, 1, 2, 0}, {0, 3, 0, 0}, {.name = "pad"});
          }) == R"(npu0
  0 before: conv in:4x6x8 -> pad@1,2,0:4x6x8
  1 pad: average_pool pad/zeros:1x8x8 -> pad:1x8x8
  2 pad/2: average_pool pad/zeros:3x8x8 -> pad@5,0,0:3x8x8
  3 pad/3: average_pool pad/zeros:4x2x8 -> pad@1,0,0:4x2x8
  4 after: conv pad:8x8x8 -> after:8x8x8
)");
}

TEST_CASE("lower_copies: halves of a split are views") {
    CHECK(between_convolutions([](GraphBuilder& net, Value x) {
              const auto parts = net.split(x, 2, 3, {.name = "split"});
              return net.add(parts[0], parts[1], {.name = "sum"});
          }) == R"(npu0
  0 before: conv in:4x6x8 -> before:4x6x8
  1 sum: add before:4x6x4 -> sum:4x6x4 with before@0,0,4:4x6x4
  2 after: conv sum:4x6x4 -> after:4x6x8
)");
}
