// Resizes by factors of two.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

Graph resized(bool bilinear, std::int32_t from, std::int32_t to, const ResizeAttributes& form,
              ElementType type = ElementType::int8) {
    BuilderOptions options;
    options.activations = type;
    GraphBuilder net{"net", options};
    const Value x = net.input({1, from, from, 8}, "in");
    net.output(bilinear ? net.resize_bilinear(x, to, to, form, {.name = "resize"})
                        : net.resize_nearest(x, to, to, form, {.name = "resize"}));
    return net.build();
}

std::string resize(bool bilinear, std::int32_t from, std::int32_t to, const ResizeAttributes& form,
                   ElementType type = ElementType::int8) {
    return test::dump_after("lower", resized(bilinear, from, to, form, type));
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
    CHECK(resize(true, 4, 16, {.half_pixel_centers = true}, ElementType::int16) == R"(npu0
  0 resize: average_pool in:4x4x8 -> resize/x8:8x8x8
  1 resize/2: average_pool resize/x8:8x8x8 -> resize/x16:16x16x8
  2 resize/3: average_pool resize/x16:16x16x8 -> resize:16x16x8 kernel 8x8/2x2 pad 3,3,3,3
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
