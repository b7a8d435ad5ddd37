// Which operators another one computes as well, and which vanish into addresses.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

Graph activation_behind_convolution(OpType type, bool also_output) {
    GraphBuilder net{"net"};
    const Value x = net.conv2d(net.input({1, 8, 8, 8}), 8, Window::square(1), {.name = "conv"});
    if (also_output) net.output(x);
    net.output(net.unary(type, x, {.name = "act"}));
    return net.build();
}

Graph padded(std::int32_t amount, Padding padding) {
    GraphBuilder net{"net"};
    const Value x = net.pad(net.input({1, 8, 8, 8}), {0, amount, amount, 0}, {0, amount, amount, 0},
                            {.name = "pad"});
    net.output(net.conv2d(x, 8, Window::square(3, 1, padding), {.name = "conv"}));
    return net.build();
}

}  // namespace

TEST_CASE("fuse: a table behind a convolution becomes its activation") {
    const Graph graph = activation_behind_convolution(OpType::logistic, false);
    CHECK(test::dump_after("fuse", graph) == R"(CONV_2D conv: npu0
LOGISTIC act: npu0, fused into conv
)");
    CHECK(test::dump_after("lower", graph) == R"(npu0
  0 conv: conv input:8x8x8 -> act:8x8x8 table 256 B
)");
}

TEST_CASE("fuse: a map that others read as well keeps its activation apart") {
    const Graph graph = activation_behind_convolution(OpType::logistic, true);
    CHECK(test::dump_after("fuse", graph) == R"(CONV_2D conv: npu0
LOGISTIC act: npu0
)");
}

TEST_CASE("fuse: so does a map inside of the network with two readers") {
    GraphBuilder net{"net"};
    const Value x = net.conv2d(net.input({1, 8, 8, 8}), 8, Window::square(1), {.name = "conv"});
    const Value act = net.logistic(x, {.name = "act"});
    net.output(
        net.mul(net.conv2d(x, 8, Window::square(1), {.name = "other"}), act, {.name = "gated"}));
    CHECK(test::dump_after("fuse", net.build()) ==
          "CONV_2D conv: npu0\nLOGISTIC act: npu0\nCONV_2D other: npu0\nMUL gated: npu0\n");
}

TEST_CASE("fuse: all that follows one map element by element is one table") {
    GraphBuilder net{"net"};
    const Value x = net.conv2d(net.input({1, 8, 8, 8}), 8, Window::square(1), {.name = "conv"});
    net.output(net.mul(x, net.logistic(x, {.name = "act"}), {.name = "swish"}));
    const Graph graph = net.build();
    CHECK(test::dump_after("fuse", graph) == R"(CONV_2D conv: npu0
LOGISTIC act: npu0, fused into conv
MUL swish: npu0, fused into conv
)");
    CHECK(test::dump_after("lower", graph) == R"(npu0
  0 conv: conv input:8x8x8 -> swish:8x8x8 table 256 B
)");
}

TEST_CASE("fuse: behind a map that has other readers such operators are a pass of their own") {
    GraphBuilder net{"net"};
    const Value x = net.conv2d(net.input({1, 8, 8, 8}), 8, Window::square(1), {.name = "conv"});
    net.output(x);
    net.output(net.mul(x, net.logistic(x, {.name = "act"}), {.name = "swish"}));
    const Graph graph = net.build();
    CHECK(test::dump_after("fuse", graph) == R"(CONV_2D conv: npu0
LOGISTIC act: npu0
MUL swish: npu0, fused into act
)");
    CHECK(test::lines_with(test::dump_after("lower", graph), "swish") ==
          "  1 act: max conv:8x8x8 -> swish:8x8x8 table 256 B\n");
}

TEST_CASE("fuse: a table is made where it takes less than the passes it spares") {
    for (const std::int32_t side : {2, 64}) {
        GraphBuilder net{"net"};
        const Value x =
            net.conv2d(net.input({1, side, side, 32}), 32, Window::square(3), {.name = "conv"});
        net.output(net.quantize(x, ElementType::int8, {{0.5F}, {3}, 0}, {.name = "rescaled"}));
        const std::string text = test::dump_after("fuse", net.build());
        CHECK((text.find("fused into conv") != std::string::npos) == (side == 64));
    }
}

TEST_CASE("fuse: a clamp is taken over at the same quantisation only") {
    for (const bool same : {true, false}) {
        test::Builder b;
        const TensorId x = b.conv(b.input({1, 8, 8, 8}), 8, 1);
        const TensorId y = same ? b.map({1, 8, 8, 8}) : b.map({1, 8, 8, 8}, 0.025F);
        b.op(OpType::relu6, {x}, y);
        const std::string text = test::dump_after("fuse", b.finish(y));
        CHECK(text == (same ? "CONV_2D op0: npu0\nRELU6 op1: npu0, fused into op0\n"
                            : "CONV_2D op0: npu0\nRELU6 op1: npu0\n"));
    }
}

TEST_CASE("fuse: a clamp that rescales is a table behind a sum where lanes are few") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 8, 8, 8}, "x", Quantization{{0.5F}, {1}, 0});
    const Value sum = net.add(x, net.input({1, 8, 8, 8}, "y"),
                              {.name = "sum", .quantization = Quantization{{0.5F}, {1}, 0}});
    net.output(net.relu(sum, {.name = "relu", .quantization = Quantization{{0.25F}, {-128}, 0}}));
    const Graph graph = net.build();
    CHECK(test::dump_after("lower", graph, test::target(Product::u55, 128)) ==
          "npu0\n  0 sum: add x:8x8x8 -> relu:8x8x8 with y:8x8x8 table 256 B\n");
    CHECK(test::dump_after("fuse", graph, test::target(Product::u55, 256)) ==
          "ADD sum: npu0\nRELU relu: npu0\n");
}

TEST_CASE("fuse: a pad becomes the padding of a convolution without its own") {
    CHECK(test::dump_after("fuse", padded(1, Padding::valid)) == R"(PAD pad: npu0, folded
CONV_2D conv: npu0
)");
    CHECK(test::dump_after("lower", padded(1, Padding::valid)) == R"(npu0
  0 conv: conv input:8x8x8 -> conv:8x8x8 kernel 3x3/1x1 pad 1,1,1,1
)");
}

TEST_CASE("fuse: a causal layer's pad becomes padding behind the reshape to two dimensions") {
    const auto causal = [](const std::vector<std::int32_t>& wide, bool is_output = false) {
        GraphBuilder net{"net"};
        const Value pad = net.pad(net.input({1, 16, 8}), {0, 4, 0}, {0, 0, 0}, {.name = "pad"});
        const Value x = net.reshape(pad, wide, {.name = "reshape"});
        Window window = Window::square(1, 1, Padding::valid);
        window.kernel_w = 3;
        window.dilation_w = 2;
        net.output(net.conv2d(x, 8, window, {.name = "conv"}));
        if (is_output) net.output(pad);
        return net.build();
    };
    CHECK(test::dump_after("fuse", causal({1, 1, 20, 8})) ==
          "PAD pad: npu0, folded\nRESHAPE reshape: npu0, folded\nCONV_2D conv: npu0\n");
    CHECK(test::dump_after("lower", causal({1, 1, 20, 8})) == R"(npu0
  0 conv: conv input:1x16x8 -> conv:1x16x8 kernel 1x3/1x1 pad 0,4,0,0
)");
    // Rows that become others, and a padded map that somebody else reads.
    CHECK(test::dump_after("fuse", causal({1, 4, 5, 8})).starts_with("PAD pad: npu0\n"));
    CHECK(test::dump_after("fuse", causal({1, 1, 20, 8}, true)).starts_with("PAD pad: npu0\n"));
}

TEST_CASE("fuse: a pad of the depth is left out of a sum") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 8, 8, 16}, "x", Quantization{{0.5F}, {1}, 0});
    const Value y = net.input({1, 8, 8, 24}, "y", Quantization{{0.25F}, {2}, 0});
    const Value pad = net.pad(x, {0, 0, 0, 0}, {0, 0, 0, 8}, {.name = "pad"});
    const Value sum =
        net.add(pad, y, {.name = "sum", .quantization = Quantization{{0.5F}, {3}, 0}});
    net.output(net.conv2d(sum, 8, Window::square(1), {.name = "conv"}));
    CHECK(test::dump_after("lower", net.build()) == R"(npu0
  0 sum: add y:8x8x16 -> sum:8x8x16 with x:8x8x16
  1 sum/rest: average_pool y@0,0,16:8x8x8 -> sum@0,0,16:8x8x8
  2 conv: conv sum:8x8x24 -> conv:8x8x8
)");
}

TEST_CASE("fuse: a pad that is more than further channels of a sum stays") {
    const auto stays = [](const std::vector<std::int32_t>& before,
                          const std::vector<std::int32_t>& after, bool is_output,
                          bool sum_is_output = false) {
        GraphBuilder net{"net"};
        const Value x = net.input({1, 8, 8, 16}, "x");
        const Value pad = net.pad(x, before, after, {.name = "pad"});
        const Value y = net.input(net.shape(pad), "y");
        const Value sum = net.add(pad, y, {.name = "sum"});
        net.output(sum_is_output ? sum : net.relu(sum, {.name = "relu"}));
        if (is_output) net.output(pad);
        return test::dump_after("fuse", net.build()).starts_with("PAD pad: npu0\n");
    };
    CHECK(stays({0, 0, 0, 8}, {0, 0, 0, 0}, false));
    CHECK(stays({0, 1, 0, 0}, {0, 0, 0, 8}, false));
    CHECK(stays({0, 0, 0, 0}, {0, 0, 0, 8}, true));
    // Rows of a result off-chip are better written in one piece.
    CHECK(stays({0, 0, 0, 0}, {0, 0, 0, 8}, false, true));
    CHECK_FALSE(stays({0, 0, 0, 0}, {0, 0, 0, 8}, false));
}

TEST_CASE("fuse: a pad wider than the window, or before padding, stays") {
    CHECK(test::dump_after("fuse", padded(3, Padding::valid)) == R"(PAD pad: npu0
CONV_2D conv: npu0
)");
    CHECK(test::dump_after("fuse", padded(1, Padding::same)) == R"(PAD pad: npu0
CONV_2D conv: npu0
)");
}

TEST_CASE(
    "fuse: a concatenation's operands are written where they belong, twice used ones copied") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 8, 8, 8});
    const Quantization q{{0.05F}, {0}, 0};
    const Value a = net.conv2d(x, 16, Window::square(1), {.name = "a", .quantization = q});
    const Value b = net.conv2d(x, 8, Window::square(1), {.name = "b", .quantization = q});
    net.output(net.concat({a, b, b}, 3, {.name = "joined"}));
    const Graph graph = net.build();
    CHECK(test::dump_after("lower", graph) == R"(npu0
  0 a: conv input:8x8x8 -> joined:8x8x16
  1 b: conv input:8x8x8 -> b:8x8x8
  2 joined: average_pool b:8x8x8 -> joined@0,0,16:8x8x8
  3 joined/2: average_pool b:8x8x8 -> joined@0,0,24:8x8x8
)");
    CHECK(test::dump_after("lower", graph, test::target(), {"fuse"}) == R"(npu0
  0 a: conv input:8x8x8 -> a:8x8x16
  1 b: conv input:8x8x8 -> b:8x8x8
  2 joined: average_pool a:8x8x16 -> joined:8x8x16
  3 joined/2: average_pool b:8x8x8 -> joined@0,0,16:8x8x8
  4 joined/3: average_pool b:8x8x8 -> joined@0,0,24:8x8x8
)");
}

TEST_CASE("fuse: a convolution writes the rows of a DEPTH_TO_SPACE behind it") {
    test::Builder b;
    const TensorId x = b.conv(b.input({1, 8, 8, 16}), 12, 3);
    const TensorId y = b.map({1, 16, 16, 3});
    b.op(OpType::depth_to_space, {x}, y, BlockAttributes{2});
    const Graph graph = b.finish(y);
    CHECK(test::dump_after("fuse", graph) ==
          "CONV_2D op0: npu0\nDEPTH_TO_SPACE op1: npu0, fused into op0\n");
    CHECK(test::dump_after("lower", graph) == R"(npu0
  0 op0: conv map0:8x8x16 -> map4:8x8x6 kernel 3x3/1x1 pad 1,1,1,1
  1 op0/2: conv map0:8x8x16 -> map4@0,0,48:8x8x6 kernel 3x3/1x1 pad 1,1,1,1
)");
}

TEST_CASE("fuse: not where its filters would fill more of the array in parts") {
    test::Builder b;
    const TensorId x = b.conv(b.input({1, 8, 8, 16}), 4, 3);
    const TensorId y = b.map({1, 16, 16, 1});
    b.op(OpType::depth_to_space, {x}, y, BlockAttributes{2});
    CHECK(test::dump_after("fuse", b.finish(y)) == "CONV_2D op0: npu0\nDEPTH_TO_SPACE op1: npu0\n");
}

TEST_CASE("fuse: a clamped convolution takes a table behind it as well") {
    GraphBuilder net{"net"};
    const Value x = net.conv2d(net.input({1, 16, 16, 16}), 16, Window::square(3),
                               {.name = "conv", .activation = Activation::relu});
    net.output(net.logistic(x, {.name = "act"}));
    CHECK(test::dump_after("fuse", net.build()) ==
          "CONV_2D conv: npu0\nLOGISTIC act: npu0, fused into conv\n");
}
