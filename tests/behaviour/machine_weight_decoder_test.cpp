// A step of 256 weights takes at least 32 cycles: the decoder gives eight weights a cycle.
#include <catch2/catch.hpp>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

/// A 1x1 convolution of 32 to 16 channels in one block of `height` x 8.
Cycles mac_time(int height) {
    KernelOp op = convolution(1, 0);
    op.ifm = brick_map(height, 8, 32, 0);
    op.ofm = brick_map(height, 8, 16, 65536);
    op.block = {height, 8, 16};
    op.scales[0].length = 160;
    op.weights[0].length = 512;
    return run(commands({op, stream::Stop{}}), target()).operations.at(0).mac_busy;
}

}  // namespace

SCENARIO("small blocks are bound by the weight decoder, large ones by the MACs") {
    GIVEN("a U65-256: four cycles a spatial ublock of 2x2, 32 at least for a brick of weights") {
        THEN("2 x 8 outputs, four ublocks, cost as much as 4 x 8, eight of them") {
            CHECK(mac_time(2) == Cycles{2 * 32});
            CHECK(mac_time(4) == Cycles{2 * 32});
        }
        THEN("8 x 8 outputs, sixteen ublocks, cost twice as much") {
            CHECK(mac_time(8) == Cycles{2 * 64});
        }
    }
}
