// While the output unit scales one block, the MAC array already accumulates the next.
#include <catch2/catch.hpp>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

SCENARIO("the MAC array works on block n+1 while the output unit works on block n") {
    GIVEN("a convolution whose blocks keep both units busy, on ideal memory") {
        Target where = target();
        where.ideal_memory = true;
        KernelOp op = convolution(3, 0);
        WHEN("it runs with its nine blocks in a row") {
            const OperationRecord record =
                run(commands({op, stream::Stop{}}), where).operations.at(0);
            THEN("it takes less than both units' work one after the other") {
                const Cycles serial = record.mac_busy + record.output_busy;
                CHECK(record.end - record.start < serial);
                CHECK(record.end - record.start >= std::max(record.mac_busy, record.output_busy));
            }
        }
        WHEN("there is one block only, so nothing to overlap with") {
            op.ofm.height = op.ofm.height0 = op.ofm.height1 = 8;
            op.ofm.width = op.ofm.width0 = 8;
            op.ofm.depth = 16;
            op.scales[0].length = 160;
            const OperationRecord record =
                run(commands({op, stream::Stop{}}), where).operations.at(0);
            THEN("the output unit's work stands behind the MAC array's") {
                REQUIRE(record.blocks == 1);
                CHECK(record.end - record.start >= record.mac_busy + record.output_busy);
            }
        }
    }
}
