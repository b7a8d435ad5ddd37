// Blocks at the edge of a feature map cost what they are, not what a whole block would.
#include <catch2/catch.hpp>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

SCENARIO("an edge block costs its real size") {
    GIVEN("a 1x1 convolution of 32 to 16 channels in blocks of 8 x 8") {
        const auto mac_time = [](int height) {
            KernelOp op = convolution(1, 0);
            op.ifm = brick_map(height, 8, 32, 0);
            op.ofm = brick_map(height, 8, 16, 65536);
            op.block = {8, 8, 16};
            op.scales[0].length = 160;
            op.weights[0].length = 512;
            return run(commands({op, stream::Stop{}}), target()).operations.at(0);
        };
        WHEN("the map is 12 rows high") {
            const OperationRecord record = mac_time(12);
            THEN("its two blocks cost 8 + 4 rows: 64 and 32 cycles for each 8 channels") {
                CHECK(record.blocks == 2);
                CHECK(record.mac_busy == Cycles{2 * (64 + 32)});
            }
        }
        WHEN("the map is 16 rows high") {
            THEN("both cost a whole block") {
                CHECK(mac_time(16).mac_busy == Cycles{2 * (64 + 64)});
            }
        }
    }
}
