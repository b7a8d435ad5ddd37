// While the output unit scales one block, the MAC array already accumulates the next.
#include <catch2/catch.hpp>

#include <cstdint>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

SCENARIO("the MAC array works on block n+1 while the output unit works on block n") {
    GIVEN("1x1 convolutions of 32 to 16 channels in blocks of 8 x 8, on ideal memory") {
        const auto record_of = [](int blocks) {
            Target where = target();
            where.ideal_memory = true;
            KernelOp op = convolution(1, 0);
            op.ifm = brick_map(8 * blocks, 8, 32, 0);
            op.ofm = brick_map(8 * blocks, 8, 16, 65536);
            op.weights[0].length = 512;
            op.scales[0].length = 160;
            return run(commands({op, stream::Stop{}}), where).operations.at(0);
        };
        // 64 pixels of two bricks in two cycles each; two steps of 64 cycles; 16 channels in two
        // rows of 8 lanes, two cycles each.
        constexpr std::int64_t input = 64 * 2 * 2, macs = 2 * 64, output = 64 * 2 * 2;
        // block_start, block_output_delay, one write of 64 beats, block_completion.
        constexpr std::int64_t start = 10, delay = 10, write = 1 + 64, completion = 50;
        WHEN("there is one block only, so nothing to overlap with") {
            const OperationRecord record = record_of(1);
            THEN("it passes all stages one behind the other") {
                CHECK((record.end - record.start).count() ==
                      input + start + macs + delay + output + write + completion);
            }
        }
        WHEN("there are nine in a row") {
            THEN("each more takes the slowest stage's 256 cycles, not 256 + 10 + 128 + 256") {
                const OperationRecord nine = record_of(9), one = record_of(1);
                CHECK(nine.end - nine.start == one.end - one.start + Cycles{8 * 256});
                CHECK(nine.mac_busy == Cycles{9 * macs});
                CHECK(nine.output_busy == Cycles{9 * output});
            }
        }
    }
}
