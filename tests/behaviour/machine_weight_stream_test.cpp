// Weights are read once for every block position in height and width, never kept.
#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

SCENARIO("a kernel's weights are read again for every block in height and width") {
    GIVEN("a 3x3 convolution of 24 x 24 outputs with 20736 bytes of weights") {
        const auto weights_read = [](BlockShape block) {
            KernelOp op = convolution(3, 0);
            op.block = block;
            const Simulation result = run(commands({op, stream::Stop{}}), target());
            return result.ports[1].bytes[static_cast<std::size_t>(Channel::weights)].count();
        };
        WHEN("one block covers height and width") {
            THEN("they are read once, however many blocks there are in depth") {
                CHECK(weights_read({24, 24, 16}) == 20736);
            }
        }
        WHEN("blocks are 8 x 8") {
            THEN("they are read nine times") { CHECK(weights_read({8, 8, 16}) == 9 * 20736); }
        }
    }
}

SCENARIO("a fully connected layer takes as long as its weights need to arrive") {
    GIVEN("one output position, 256 KiB of weights in DRAM, 24 slots of 64 B and 500 cycles") {
        KernelOp op = convolution(1, 0);
        op.ifm = brick_map(1, 1, 512, 0);
        op.ofm = brick_map(1, 1, 512, 65536);
        op.block = {2, 2, 128};
        op.weights[0].length = 256 << 10;
        op.scales[0].length = 5120;
        Target where = target();
        where.off_chip.bandwidth = BytesPerCycle{0, 1};
        where.off_chip.bandwidth_period = Cycles{0};
        const auto run_with = [&](std::int64_t buffer, std::uint32_t more = 0) {
            where.timing.weight_buffer = Bytes{buffer};
            op.weights[0].length = (256 << 10) + more;
            return run(commands({op, stream::Stop{}}), where);
        };
        WHEN("the decoder's buffer holds many jobs' weights") {
            const Simulation result = run_with(1 << 16);
            THEN("the rate is the outstanding limit's, below what the decoder could take") {
                // 48 bursts more: twice the time that 24 hold their slots.
                const Cycles held = Cycles{500 + 4} + where.timing.burst_overhead;
                CHECK(run_with(1 << 16, 48 * 64).total - result.total == held + held);
                CHECK(result.operations[0].mac_busy < result.total);
                CHECK(result.operations[0].bound_by == Cause::weight_fetch);
            }
        }
        WHEN("it holds less than what 24 slots bring") {
            THEN("requests pause between jobs, and the layer takes longer") {
                CHECK(run_with(1024).total > run_with(1 << 16).total);
            }
        }
    }
}
