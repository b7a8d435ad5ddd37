// Resizes by factors of two.
#include <catch2/catch.hpp>

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
    CHECK(resize(true, 4, 8, {.half_pixel_centers = true}) == R"(npu0
  0 resize: average_pool in:4x4x8 -> resize/x8:8x8x8
  1 resize/2: average_pool resize/x8:8x8x8 -> resize:8x8x8 kernel 4x4/2x2 pad 1,1,1,1
)");
}

TEST_CASE("lower_resize: one element is repeated by strides of zero") {
    CHECK(resize(true, 1, 5, {}) == R"(npu0
  0 resize: average_pool in:5x5x8 -> resize:5x5x8
)");
}
