// Convolutions of every kind as kernels: windows, padding, groups, dilations, wide strides.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

Graph one_convolution(const Shape& shape, std::int32_t filters, const Window& window,
                      std::int32_t groups = 1) {
    GraphBuilder net{"net"};
    net.output(net.conv2d(net.input(shape, "in"), filters, window, {.name = "conv"}, groups));
    return net.build();
}

std::string convolution(const Shape& shape, std::int32_t filters, const Window& window,
                        std::int32_t groups = 1, const std::vector<std::string>& without = {}) {
    return test::dump_after("lower", one_convolution(shape, filters, window, groups),
                            test::target(), without);
}

/// What the only kernel of a 3x3 convolution is told of its dilation.
stream::Kernel dilated_by(std::int32_t dilation) {
    const auto kernels = test::kernels_of(
        compile(one_convolution({1, 16, 16, 8}, 8, {3, 3, 1, 1, dilation, dilation, Padding::same}),
                test::target()));
    REQUIRE(kernels.size() == 1);
    return kernels[0].kernel;
}

}  // namespace

TEST_CASE("lower_convolution: SAME pads with the smaller half in front") {
    CHECK(convolution({1, 8, 8, 16}, 8, Window::square(3)) == R"(npu0
  0 conv: conv in:8x8x16 -> conv:8x8x8 kernel 3x3/1x1 pad 1,1,1,1
)");
    CHECK(convolution({1, 8, 8, 16}, 8, Window::square(3, 2)) == R"(npu0
  0 conv: conv in:8x8x16 -> conv:4x4x8 kernel 3x3/2x2 pad 0,0,1,1
)");
    CHECK(convolution({1, 8, 8, 16}, 8, Window::square(3, 1, Padding::valid)) == R"(npu0
  0 conv: conv in:8x8x16 -> conv:6x6x8 kernel 3x3/1x1
)");
}

TEST_CASE(
    "lower_convolution: each group is a kernel over its own channels, few channels share one") {
    CHECK(convolution({1, 16, 16, 64}, 64, Window::square(3), 2) == R"(npu0
  0 conv: conv in:16x16x32 -> conv:16x16x32 kernel 3x3/1x1 pad 1,1,1,1
  1 conv/2: conv in@0,0,32:16x16x32 -> conv@0,0,32:16x16x32 kernel 3x3/1x1 pad 1,1,1,1
)");
    CHECK(convolution({1, 8, 8, 16}, 8, Window::square(1), 2) == R"(npu0
  0 conv: conv in:8x8x16 -> conv:8x8x8
)");
}

TEST_CASE(
    "lower_convolution: dilations up to two are the hardware's, further ones zeros between "
    "weights") {
    CHECK(dilated_by(2).height == 3);
    CHECK(dilated_by(2).dilation_y == 2);
    CHECK(dilated_by(3).height == 7);
    CHECK(dilated_by(3).dilation_y == 1);
    CHECK(convolution({1, 16, 16, 8}, 8, {3, 3, 1, 1, 2, 2, Padding::same}) == R"(npu0
  0 conv: conv in:16x16x8 -> conv:16x16x8 kernel 3x3/1x1 pad 2,2,2,2
)");
    CHECK(convolution({1, 16, 16, 8}, 8, {3, 3, 1, 1, 3, 3, Padding::same}) == R"(npu0
  0 conv: conv in:16x16x8 -> conv:16x16x8 kernel 7x7/1x1 pad 3,3,3,3
)");
}

TEST_CASE("lower_convolution: a stride above three along the height is a kernel a row of outputs") {
    CHECK(convolution({1, 16, 4, 16}, 8, {4, 1, 4, 1, 1, 1, Padding::valid}) == R"(npu0
  0 conv: conv in:4x4x16 -> conv:1x4x8 kernel 4x1/1x1
  1 conv/2: conv in@4,0,0:4x4x16 -> conv@1,0,0:1x4x8 kernel 4x1/1x1
  2 conv/3: conv in@8,0,0:4x4x16 -> conv@2,0,0:1x4x8 kernel 4x1/1x1
  3 conv/4: conv in@12,0,0:4x4x16 -> conv@3,0,0:1x4x8 kernel 4x1/1x1
)");
}

TEST_CASE("lower_convolution: a stride above three along the width makes depth of columns") {
    CHECK(convolution({1, 4, 16, 16}, 8, {1, 4, 1, 4, 1, 1, Padding::valid}) == R"(npu0
  0 conv: conv in:4x4x64 -> conv:4x4x8
)");
}

TEST_CASE("lower_convolution: columns of a shallow image become depth where that is faster") {
    const Window window = Window::square(3, 2);
    CHECK(convolution({1, 32, 32, 3}, 16, window) == R"(npu0
  0 conv: conv in:32x16x6 -> conv:16x16x16 kernel 3x2/2x1 pad 0,0,1,1
)");
    CHECK(convolution({1, 32, 32, 3}, 16, window, 1, {"fold_columns"}) == R"(npu0
  0 conv: conv in:32x32x3 -> conv:16x16x16 kernel 3x3/2x2 pad 0,0,1,1
)");
}

TEST_CASE("fold_columns: says both predicted times, and what it took") {
    const Window window = Window::square(3, 2);
    CHECK(test::dump_after("fold_columns", one_convolution({1, 32, 32, 3}, 16, window)) ==
          R"(columns of conv: 3625 cycles as they are, 3065 with 2 of them as depth
)");
    CHECK(test::dump_after("fold_columns", one_convolution({1, 32, 32, 16}, 16, window)) ==
          R"(no convolution has a choice
)");
}

TEST_CASE("lower_convolution: a depthwise one keeps its channels apart") {
    GraphBuilder net{"net"};
    net.output(net.depthwise_conv2d(net.input({1, 8, 8, 16}, "in"), Window::square(3),
                                    {.name = "depthwise"}));
    CHECK(test::dump_after("lower", net.build()) == R"(npu0
  0 depthwise: depthwise in:8x8x16 -> depthwise:8x8x16 kernel 3x3/1x1 pad 1,1,1,1
)");
}

TEST_CASE("lower_convolution: a depthwise one of one channel is a convolution of depth one") {
    GraphBuilder net{"net"};
    net.output(net.depthwise_conv2d(net.input({1, 8, 8, 1}, "in"), Window::square(3),
                                    {.name = "depthwise"}, 8));
    CHECK(test::dump_after("lower", net.build()) == R"(npu0
  0 depthwise: conv in:8x8x1 -> depthwise:8x8x8 kernel 3x3/1x1 pad 1,1,1,1
)");
}
