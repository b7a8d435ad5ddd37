// Transposed convolutions as convolutions over maps with zeros between elements.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

TEST_CASE(
    "lower_transpose_convolution: zeros are put between elements, padding is turned inside out") {
    GraphBuilder net{"net"};
    net.output(net.transpose_conv(net.input({1, 8, 8, 16}, "in"), 8, Window::square(3, 2),
                                  {.name = "up"}));
    const Graph graph = net.build();
    CHECK(test::dump_after("lower", graph) == R"(npu0
  0 up: conv in:8x8x16 -> up:16x16x8 kernel 3x3/1x1 pad 2,2,0,0
)");
    const auto kernels = test::kernels_of(compile(graph, test::target()));
    REQUIRE(kernels.size() == 1);
    CHECK(kernels[0].upscale == stream::Upscale::zeros);
}
