// What a block passes besides its work: stages on its way in and out, more of them with two cores.
#include <catch2/catch.hpp>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

Target ideal(int cores = 1) {
    Target where = target();
    where.ideal_memory = true;
    where.accelerator.cores = cores;
    return where;
}

KernelOp addition_of(int height, int block_height) {
    KernelOp op = addition();
    op.ifm = brick_map(height, 8, 16, 0);
    op.ifm2 = brick_map(height, 8, 16, 32768);
    op.ofm = brick_map(height, 8, 16, 65536);
    op.block = {block_height, 8, 16};
    return op;
}

KernelOp convolution_of(int height, int width, int cores) {
    KernelOp op = convolution(1, 0);
    op.ifm = brick_map(height, width, 32, 0);
    op.ofm = brick_map(height, width, 16, 65536);
    op.block = {8, 8, 16};
    for (int core = 0; core < cores; ++core) {
        op.weights[static_cast<std::size_t>(core)] = {0, static_cast<std::uint32_t>(512 / cores)};
        op.scales[static_cast<std::size_t>(core)] = {4096, static_cast<std::uint32_t>(160 / cores)};
    }
    return op;
}

std::int64_t cycles(const KernelOp& op, const Target& where) {
    return run(commands({op, stream::Stop{}}), where).total.count();
}

}  // namespace

SCENARIO("an elementwise block passes the stages that a convolution's block passes") {
    GIVEN("an addition, and a target whose blocks take 100 cycles more to come out") {
        const Target usual = ideal();
        Target slow = usual;
        slow.timing.block_output_delay += Cycles{100};
        WHEN("it is one block") {
            const KernelOp op = addition_of(8, 8);
            THEN("it ends 100 cycles later") { CHECK(cycles(op, slow) == cycles(op, usual) + 100); }
        }
        WHEN("it is eight blocks") {
            const KernelOp op = addition_of(64, 8);
            const std::int64_t later = cycles(op, slow) - cycles(op, usual);
            THEN("the stages are a pipeline: far less than 100 cycles for each block") {
                CHECK(later >= 100);
                CHECK(later < 200);
            }
        }
    }
}

SCENARIO("two cores join before a block, for longer the more ublocks it has") {
    GIVEN("a convolution of one block on two cores") {
        const Target usual = ideal(2);
        Target slow = usual;
        slow.timing.core_join += Cycles{10};
        WHEN("the block is 8 x 8: sixteen ublocks of 2 x 2") {
            const KernelOp op = convolution_of(8, 8, 2);
            THEN("ten cycles an ublock are 160") {
                CHECK(cycles(op, slow) == cycles(op, usual) + 160);
            }
        }
        WHEN("it is 1 x 1, as of a fully connected layer: one ublock") {
            const KernelOp op = convolution_of(1, 1, 2);
            THEN("they are ten") { CHECK(cycles(op, slow) == cycles(op, usual) + 10); }
        }
    }
    GIVEN("one core") {
        const Target usual = ideal();
        Target slow = usual;
        slow.timing.core_join += Cycles{10};
        WHEN("the same convolution runs") {
            const KernelOp op = convolution_of(8, 8, 1);
            THEN("there is nobody to join") { CHECK(cycles(op, slow) == cycles(op, usual)); }
        }
    }
}
