// What a block passes besides its work: stages on its way in and out.
#include <catch2/catch.hpp>

#include <cstdint>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

Target ideal() {
    Target where = target();
    where.ideal_memory = true;
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
            THEN("the stages are a pipeline: all of them together end 100 cycles later") {
                CHECK(later == 100);
            }
        }
    }
}
