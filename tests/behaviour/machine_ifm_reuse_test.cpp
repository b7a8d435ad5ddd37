// Every OFM block reads its input anew, but for boxes that the double buffer still holds.
#include <catch2/catch.hpp>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

std::int64_t bytes_read(const KernelOp& op) {
    const Simulation result = run(commands({op, stream::Stop{}}), target());
    return result.operations.at(0).maps.at(0).read_bytes.count();
}

}  // namespace

SCENARIO("input is read for every block that needs it") {
    GIVEN("a 1x1 convolution of 24 x 24 x 32 to 48 channels in blocks of 8 x 8 x 16") {
        KernelOp op = convolution(1, 0);
        op.ifm = brick_map(24, 24, 32, 0);
        WHEN("the whole depth is one IFM block") {
            THEN("the three blocks in depth read it once: the box stays the same") {
                CHECK(bytes_read(op) == 24 * 24 * 32);
            }
        }
        WHEN("there are two IFM blocks in depth") {
            op.ifm = brick_map(24, 24, 64, 0);
            THEN("the three blocks in depth read them once: each half of the buffer holds one") {
                CHECK(bytes_read(op) == 24 * 24 * 64);
            }
        }
        WHEN("there are three IFM blocks in depth") {
            op.ifm = brick_map(24, 24, 96, 0);
            THEN("each of the three blocks in depth reads all of it") {
                CHECK(bytes_read(op) == 3 * 24 * 24 * 96);
            }
        }
        WHEN("the kernel is two sub-kernels of 8 x 1 and 2 x 1, and the depth one IFM block") {
            op.kernel.height = 10;
            op.pad = {};
            op.ofm.height = op.ofm.height0 = op.ofm.height1 = 15;
            op.block = {16, 24, 16};
            op.ib_end = op.ab_start = 46;
            THEN("both boxes are read for each of the three blocks in depth") {
                CHECK(bytes_read(op) == 3 * (22 + 16) * 24 * 32);
            }
        }
    }
    GIVEN("a 3x3 convolution of 32 channels, padded by one, in blocks of 8 x 8") {
        KernelOp op = convolution(3, 0);
        op.ifm = brick_map(24, 24, 32, 0);
        THEN("neighbours read the rows and columns they share again: 9, 10 and 9 of each") {
            CHECK(bytes_read(op) == 28 * 28 * 32);
        }
    }
}
