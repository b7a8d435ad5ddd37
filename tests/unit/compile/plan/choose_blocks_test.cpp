// The block of each kind of operation, and which traversal its weights get.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

Graph one_of_each_kind() {
    GraphBuilder net{"net"};
    const Value x =
        net.conv2d(net.input({1, 32, 32, 4}, "in"), 32, Window::square(3), {.name = "shallow"});
    const Value y = net.depthwise_conv2d(x, Window::square(3), {.name = "depthwise"});
    const Value z = net.conv2d(y, 32, Window::square(1), {.name = "pointwise"});
    const Value sum = net.add(x, z, {.name = "sum"});
    net.output(net.max_pool(sum, Window::square(2, 2), {.name = "pool"}));
    return net.build();
}

}  // namespace

TEST_CASE("choose_blocks: blocks of the U65 with 256 MACs, part-kernel first for shallow inputs") {
    CHECK(test::dump_after("choose_blocks", one_of_each_kind()) == R"(npu0
  0 shallow: conv in:32x32x4 -> shallow:32x32x32 kernel 3x3/1x1 pad 1,1,1,1 block 16x16x16 part-kernel
  1 depthwise: depthwise shallow:32x32x32 -> depthwise:32x32x32 kernel 3x3/1x1 pad 1,1,1,1 block 12x16x16
  2 pointwise: conv depthwise:32x32x32 -> pointwise:32x32x32 block 4x32x32
  3 sum: add shallow:32x32x32 -> sum:32x32x32 with pointwise:32x32x32 block 16x32x16
  4 pool: max_pool sum:32x32x32 -> pool:16x16x32 kernel 2x2/2x2 block 4x4x32
)");
}

TEST_CASE("choose_blocks: 24 KiB of shared buffer hold smaller blocks than 48") {
    CHECK(test::dump_after("choose_blocks", one_of_each_kind(), test::target(Product::u55, 128)) ==
          R"(npu0
  0 shallow: conv in:32x32x4 -> shallow:32x32x32 kernel 3x3/1x1 pad 1,1,1,1 block 8x16x16 part-kernel
  1 depthwise: depthwise shallow:32x32x32 -> depthwise:32x32x32 kernel 3x3/1x1 pad 1,1,1,1 block 7x12x16
  2 pointwise: conv depthwise:32x32x32 -> pointwise:32x32x32 block 2x32x32
  3 sum: add shallow:32x32x32 -> sum:32x32x32 with pointwise:32x32x32 block 8x32x16
  4 pool: max_pool sum:32x32x32 -> pool:16x16x32 kernel 2x2/2x2 block 4x4x32
)");
}

TEST_CASE(
    "choose_blocks: on a tie of both weight orders the IFM block is of the one that is taken") {
    // 26 of 32 channels in use, depth first, and 26 of 4 times 8 with 48 elements of the kernel.
    GraphBuilder net{"tie"};
    net.output(net.conv2d(net.input({1, 1, 96, 26}), 64, Window{.kernel_w = 48, .stride_w = 2}));
    const auto kernels = test::kernels_of(compile(net.build(), test::target(Product::u55, 128),
                                                  {.without = {"refine_blocks", "fold_columns"}}));
    REQUIRE(kernels.size() == 1);
    CHECK(kernels[0].kernel.part_kernel_first);
    // 48 positions at stride 2 need 102 columns of 16 channels, twice: four banks of 1 KiB.
    CHECK(kernels[0].ib_end - 2 == 4);
    CHECK(kernels[0].block.depth == 32);
}
