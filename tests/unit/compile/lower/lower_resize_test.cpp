// Resizes by factors of two.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

Graph resized(bool bilinear, std::int32_t from, std::int32_t to, const ResizeAttributes& form) {
    GraphBuilder net{"net"};
    const Value x = net.input({1, from, from, 8}, "in");
    net.output(bilinear ? net.resize_bilinear(x, to, to, form, {.name = "resize"})
                        : net.resize_nearest(x, to, to, form, {.name = "resize"}));
    return net.build();
}

std::string resize(bool bilinear, std::int32_t from, std::int32_t to,
                   const ResizeAttributes& form) {
    return test::dump_after("lower", resized(bilinear, from, to, form));
}

}  // namespace

TEST_CASE("lower_resize: each doubling of a nearest resize is a pool of one element") {
    CHECK(resize(false, 4, 8, {}) == R"(npu0
  0 resize: average_pool in:4x4x8 -> resize:8x8x8
)");
    CHECK(resize(false, 4, 16, {}) == R"(npu0
  0 resize: average_pool in:4x4x8 -> resize/x8:8x8x8
  1 resize/2: average_pool resize/x8:8x8x8 -> resize:16x16x8
)");
}

TEST_CASE("lower_resize: elements are repeated while they are read") {
    for (const auto& kernel :
         test::kernels_of(compile(resized(false, 4, 16, {}), test::target()))) {
        CHECK(kernel.upscale == stream::Upscale::nearest);
    }
}

TEST_CASE("lower_resize: a nearest resize with aligned corners leaves half a step out") {
    CHECK(resize(false, 4, 7, {.align_corners = true}) == R"(npu0
  0 resize: average_pool in:4x4x8 -> resize/x8:8x8x8
  1 resize/2: average_pool resize/x8@1,1,0:7x7x8 -> resize:7x7x8
)");
}

TEST_CASE("lower_resize: a bilinear resize averages windows of the repeated map") {
    CHECK(resize(true, 4, 8, {}) == R"(npu0
  0 resize: average_pool in:4x4x8 -> resize:8x8x8 kernel 2x2/1x1 pad 0,0,1,1
)");
    CHECK(resize(true, 4, 7, {.align_corners = true}) == R"(npu0
  0 resize: average_pool in:4x4x8 -> resize:7x7x8 kernel 2x2/1x1
)");
}

TEST_CASE("lower_resize: half-pixel centres in a result of odd width are windows twice as wide") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 4, 4, 8}, "in");
    const Value column = net.input({1, 8, 1, 8}, "column");
    const Value large =
        net.resize_bilinear(x, 8, 8, {.half_pixel_centers = true}, {.name = "resize"});
    net.output(net.concat({column, large}, 2, {.name = "both"}));
    CHECK(test::lines_with(test::dump_after("lower", net.build()), "resize") ==
          R"(  0 resize: average_pool in:4x4x8 -> resize/x8:8x8x8
  1 resize/2: average_pool resize/x8:8x8x8 -> both@0,1,0:8x8x8 kernel 4x4/2x2 pad 1,1,1,1
)");
}

TEST_CASE("lower_resize: half-pixel centres by four are sixteen windows, nearer elements heavier") {
    const std::string text = resize(true, 4, 16, {.half_pixel_centers = true});
    CHECK(test::lines_with(text, "  6 ") ==
          "  6 resize/7: depthwise in:5x5x8 -> resize@0,4,16:4x4x8 kernel 2x2/1x1\n");
    CHECK(std::count(text.begin(), text.end(), '\n') == 17);
}

TEST_CASE("lower_resize: half-pixel centres are a window for each second row and element") {
    const Graph graph = resized(true, 4, 8, {.half_pixel_centers = true});
    const auto kernels = test::kernels_of(compile(graph, test::target()));
    REQUIRE(kernels.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        CAPTURE(i);
        const stream::KernelOp& k = kernels[i];
        const bool lower = i >= 2, right = i % 2 == 1;
        CHECK(k.kind == stream::KernelKind::depthwise);
        CHECK(k.ofm.height == 4);
        CHECK(k.ofm.base[0] - kernels[0].ofm.base[0] == (lower ? 64U : 0U) + (right ? 8U : 0U));
        CHECK(k.ofm.stride_x == 16);
        CHECK(k.ofm.stride_y == 128);
        // The first row is there twice, or the last one.
        CHECK(k.ifm.height0 == (lower ? 4 : 1));
        CHECK(k.ifm.width0 == (right ? 4 : 1));
        const std::uint64_t row = 32, pixel = 8;
        CHECK(k.ifm.base[2] - k.ifm.base[0] == (lower ? 3 * row : 0));
        CHECK(k.ifm.base[1] - k.ifm.base[0] == (right ? 3 * pixel : 0));
        CHECK(k.ifm.base[3] - k.ifm.base[0] == (lower ? 3 * row : 0) + (right ? 3 * pixel : 0));
    }
}

TEST_CASE("lower_resize: one element is repeated by strides of zero") {
    CHECK(resize(true, 1, 5, {}) == R"(npu0
  0 resize: average_pool in:5x5x8 -> resize:5x5x8
)");
}

TEST_CASE("lower_resize: a joined map off-chip stays in bricks, into which the result is copied") {
    // Written elements apart, a map of 48 channels would come in short runs to who reads it.
    GraphBuilder net{"net", {{.modelled = true}}};
    const Value wide =
        net.conv2d(net.input({1, 64, 64, 16}, "in"), 16, Window::square(3), {.name = "wide"});
    const Value narrow =
        net.conv2d(net.max_pool(wide, Window::square(2, 2)), 32, Window::square(3));
    const Value twice =
        net.resize_bilinear(narrow, 64, 64, {.half_pixel_centers = true}, {.name = "twice"});
    const Value joined = net.concat({twice, wide}, 3, {.name = "joined"});
    net.output(net.conv2d(joined, 16, Window::square(3), {.name = "last"}));
    const Graph graph = net.build();
    const auto places = [&](std::int64_t kib) {
        Target target = test::target();
        target.off_chip.read_latency = target.off_chip.write_latency = Cycles{500};
        target.off_chip.max_outstanding_reads = 24;
        target.off_chip.max_outstanding_writes = 12;
        target.sram.size = Bytes{kib * 1024};
        return test::dump_after("place", graph, target);
    };
    CHECK_THAT(test::lines_with(places(128), "64x64x48 joined"), Catch::Contains("bricks"));
    CHECK_THAT(places(128), Catch::Contains("twice/apart"));
    // With room in the SRAM no copy is needed.
    CHECK_THAT(places(1024), !Catch::Contains("twice/apart"));
}
