// Transposed convolutions as convolutions over maps with zeros between elements.
#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

std::string up(const Shape& shape, std::int32_t filters, const Window& window,
               bool like_vela = false) {
    GraphBuilder net{"net"};
    net.output(net.transpose_conv(net.input(shape, "in"), filters, window, {.name = "up"}));
    CompileOptions options;
    options.dump_after = "lower";
    options.like_vela = like_vela;
    return compile(net.build(), test::target(), options).pass_dump;
}

}  // namespace

TEST_CASE(
    "lower_transpose_convolution: zeros are put between elements, padding is turned inside out") {
    const char* const whole = R"(npu0
  0 up: conv in:8x8x16 -> up:16x16x8 kernel 3x3/1x1 pad 2,2,0,0
)";
    CHECK(up({1, 8, 8, 16}, 8, Window::square(3, 2), true) == whole);
    // So small a map is not worth four kernels.
    CHECK(up({1, 8, 8, 16}, 8, Window::square(3, 2)) == whole);
    GraphBuilder net{"net"};
    net.output(net.transpose_conv(net.input({1, 8, 8, 16}), 8, Window::square(3, 2)));
    const auto kernels = test::kernels_of(compile(net.build(), test::target()));
    REQUIRE(kernels.size() == 1);
    CHECK(kernels[0].upscale == stream::Upscale::zeros);
}

TEST_CASE("lower_transpose_convolution: outputs of each phase are a convolution without zeros") {
    CHECK(up({1, 32, 32, 32}, 32, Window::square(3, 2)) == R"(npu0
  0 up: conv in:32x32x32 -> up:32x32x32 kernel 2x2/1x1 pad 1,1,0,0
  1 up/2: conv in:32x32x32 -> up@0,0,32:32x32x32 kernel 2x1/1x1 pad 1,0,0,0
  2 up/3: conv in:32x32x32 -> up@0,0,2048:32x32x32 kernel 1x2/1x1 pad 0,1,0,0
  3 up/4: conv in:32x32x32 -> up@0,0,2080:32x32x32
)");
}

TEST_CASE("lower_transpose_convolution: strides that zeros cannot make are phases") {
    const std::string text = up({1, 4, 4, 16}, 8, Window::square(5, 3));
    CHECK(test::lines_with(text, "conv").size() > 0);
    CHECK(std::count(text.begin(), text.end(), '\n') == 10);
    CHECK(up({1, 4, 4, 16}, 8, Window::square(2, 3)).find("conv") == std::string::npos);
}

TEST_CASE("lower_transpose_convolution: a map without room in the SRAM is not written in phases") {
    // Each phase writes every second column, in bursts of one element's channels, few at a time.
    Target target = test::target();
    target.off_chip.write_latency = Cycles{250};
    target.off_chip.max_outstanding_writes = 12;
    const auto kernels = [&](std::int32_t size) {
        GraphBuilder net{"net"};
        const auto in = net.conv2d(net.input({1, size, size, 32}), 32, Window::square(1));
        const auto up = net.transpose_conv(in, 16, Window::square(2, 2));
        net.output(net.max_pool(up, Window::square(2, 2)));
        CompileOptions options;
        options.dump_after = "lower";
        const std::string text = compile(net.build(), target, options).pass_dump;
        return std::count(text.begin(), text.end(), '\n') - 3;
    };
    CHECK(kernels(48) == 4);
    CHECK(kernels(64) == 1);  // not beside the input
    CHECK(kernels(96) == 1);
}
