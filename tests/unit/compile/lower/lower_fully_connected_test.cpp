// Fully connected layers as 1x1 convolutions.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

TEST_CASE(
    "lower_fully_connected: the rows of a batch are a plane that fills blocks of two by two") {
    for (const auto& [batch, text] :
         {std::pair{1, "npu0\n  0 scores: conv in:1x1x32 -> scores:1x1x10\n"},
          std::pair{2, "npu0\n  0 scores: conv in:1x2x32 -> scores:1x2x10\n"},
          std::pair{6, "npu0\n  0 scores: conv in:2x3x32 -> scores:2x3x10\n"},
          std::pair{9, "npu0\n  0 scores: conv in:3x3x32 -> scores:3x3x10\n"},
          std::pair{37, "npu0\n  0 scores: conv in:1x37x32 -> scores:1x37x10\n"},
          std::pair{49, "npu0\n  0 scores: conv in:7x7x32 -> scores:7x7x10\n"},
          std::pair{100, "npu0\n  0 scores: conv in:10x10x32 -> scores:10x10x10\n"},
          std::pair{148, "npu0\n  0 scores: conv in:2x74x32 -> scores:2x74x10\n"}}) {
        GraphBuilder net{"net"};
        net.output(net.fully_connected(net.input({batch, 32}, "in"), 10, {.name = "scores"}));
        CAPTURE(batch);
        CHECK(test::dump_after("lower", net.build()) == text);
    }
}

TEST_CASE("lower_fully_connected: sums are rounded once, those of a convolution twice") {
    GraphBuilder net{"net"};
    const Value x = net.conv2d(net.input({1, 1, 1, 16}, "in"), 16, Window::square(1));
    net.output(net.fully_connected(x, 10));
    const auto kernels = test::kernels_of(compile(net.build(), test::target()));
    REQUIRE(kernels.size() == 2);
    CHECK(kernels[0].rounding == stream::Rounding::tfl);
    CHECK(kernels[1].rounding == stream::Rounding::natural);
}
