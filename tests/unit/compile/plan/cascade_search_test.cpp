// Which operations run as a cascade, at which height of a stripe.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

/// Two convolutions around a depthwise one, all of 64 x 64.
Graph wide() {
    GraphBuilder net{"net"};
    const Value x =
        net.conv2d(net.input({1, 64, 64, 8}, "in"), 16, Window::square(3), {.name = "first"});
    const Value y = net.depthwise_conv2d(x, Window::square(3), {.name = "second"});
    net.output(net.conv2d(y, 8, Window::square(1, 2), {.name = "third"}));
    return net.build();
}

Target with_sram(std::int64_t kib) {
    Target target = test::target();
    target.sram.size = Bytes{kib * 1024};
    return target;
}

}  // namespace

TEST_CASE("cascade_search: what does not fit whole runs in the stripes that do") {
    CHECK(test::dump_after("form_cascades", wide(), with_sram(48)) == R"(npu0
  0 first: conv in:64x64x8 -> first:64x64x16 kernel 3x3/1x1 pad 1,1,1,1 block 16x16x16 part-kernel weights[0+16] 1488 B
  1 second/stripe0: depthwise first:48x64x16 -> second:47x64x16 kernel 3x3/1x1 pad 1,1,0,1 block 12x16x16 weights[0+16] 336 B
  1 third/stripe0: conv second:47x64x16 -> third:24x32x8 block 6x32x8 weights[0+8] 256 B
  1 second/stripe1: depthwise first@46,0,0:18x64x16 -> second@47,0,0:16x64x16 kernel 3x3/1x1 pad 0,1,0,1 block 12x16x16
  1 third/stripe1: conv second@48,0,0:15x64x16 -> third@24,0,0:8x32x8 block 6x32x8
)");
}

TEST_CASE("cascade_search: less memory makes lower stripes") {
    CHECK(test::dump_after("form_cascades", wide(), with_sram(24)) == R"(npu0
  0 first: conv in:64x64x8 -> first:64x64x16 kernel 3x3/1x1 pad 1,1,1,1 block 16x16x16 part-kernel weights[0+16] 1488 B
  1 second/stripe0: depthwise first:24x64x16 -> second:23x64x16 kernel 3x3/1x1 pad 1,1,0,1 block 12x16x16 weights[0+16] 336 B
  1 third/stripe0: conv second:23x64x16 -> third:12x32x8 block 6x32x8 weights[0+8] 256 B
  1 second/stripe1: depthwise first@22,0,0:26x64x16 -> second@23,0,0:24x64x16 kernel 3x3/1x1 pad 0,1,0,1 block 12x16x16
  1 third/stripe1: conv second@24,0,0:23x64x16 -> third@12,0,0:12x32x8 block 6x32x8
  1 second/stripe2: depthwise first@46,0,0:18x64x16 -> second@47,0,0:16x64x16 kernel 3x3/1x1 pad 0,1,0,1 block 12x16x16
  1 third/stripe2: conv second@48,0,0:15x64x16 -> third@24,0,0:8x32x8 block 6x32x8
)");
}

TEST_CASE("cascade_search: where all maps fit nothing is cut") {
    const std::string text = test::dump_after("form_cascades", wide(), with_sram(384));
    CHECK(test::lines_with(text, "stripe").empty());
    CHECK(test::dump_after("form_cascades", wide(), with_sram(48), {"form_cascades"}) == text);
}

TEST_CASE("cascade_search: the time of the plan that was taken is the least of those told") {
    CHECK(
        test::lines_with(test::dump_after("place", wide(), with_sram(48)), "cascades") ==
        R"(because cascades: none 86560 cycles, those for 49152 B 68149 cycles: taken those for 49152 B
)");
}
