// What a job reads of the input, and which weights it takes.
#include <catch2/catch.hpp>

#include "timing/mac_array.hpp"
#include "timing/traversal.hpp"

#include "kernels.hpp"

using namespace timing_test;
using timing::Box;
using timing::Traversal;

namespace {

/// 3x3 over 24 x 24 x 48, blocks of 8 x 8 x 16.
KernelOp depthwise() {
    KernelOp op = convolution(3, 0);
    op.kind = stream::KernelKind::depthwise;
    return op;
}

const Architecture& u65_256() {
    static const Architecture arch = architecture(Accelerator{});
    return arch;
}

}  // namespace

TEST_CASE("an upscaled input is read as far as the last element that is repeated") {
    KernelOp op = convolution(1, 0);
    op.upscale = stream::Upscale::nearest;
    const Traversal traversal{op, u65_256()};
    // Rows 0 to 2 of the output are rows 0, 0 and 1 of the input; columns 0 to 3 are 0, 0, 1 and 1.
    const Box box = traversal.ifm_plane({0, 0, 0, 3, 4, 16}, traversal.sub_kernel(0));
    CHECK(box.height == 2);
    CHECK(box.width == 2);
}

TEST_CASE("weights of a depthwise job come in fours of kernel elements, for whole ublocks") {
    const KernelOp op = depthwise();
    const Traversal traversal{op, u65_256()};
    // Nine elements are three fours; 12 channels are two ublocks of 8.
    CHECK(traversal.weight_volume({0, 0, 0, 8, 8, 12}, 0, traversal.sub_kernel(0)) == 12 * 16);
}

TEST_CASE("weights of a convolution fill depth blocks, or eights of channels part-kernel first") {
    KernelOp op = convolution(3, 0);
    op.ifm.depth = 4;
    {
        const Traversal traversal{op, u65_256()};
        CHECK(traversal.weight_volume(traversal.block(0), 0, traversal.sub_kernel(0)) ==
              9 * 16 * 32);
    }
    op.kernel.part_kernel_first = true;
    const Traversal traversal{op, u65_256()};
    CHECK(traversal.weight_volume(traversal.block(0), 0, traversal.sub_kernel(0)) == 12 * 16 * 8);
}

TEST_CASE("part-kernel first, a step is four elements of 8 bits or two of 16") {
    KernelOp op = convolution(3, 0);
    op.ifm.depth = 8;
    op.kernel.part_kernel_first = true;
    const auto cycles = [&](stream::DataType type) {
        op.ifm.type = type;
        const Traversal traversal{op, u65_256()};
        return timing::mac_cycles(traversal, traversal.block(0), 0, traversal.sub_kernel(0),
                                  u65_256(), Accelerator{})
            .count();
    };
    // A block of 8 x 8 x 16 is 16 ublocks of 2 x 2 in each of two groups of channels; four cycles
    // a step and ublock.
    CHECK(cycles(stream::DataType::s8) == 3 * 4 * 16 * 2);
    CHECK(cycles(stream::DataType::s16) == 5 * 4 * 16 * 2);
}
