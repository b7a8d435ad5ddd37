// What blocks cost behind each other, rule by rule, with the arithmetic.
#include "timing/block_pipeline.hpp"

#include <catch2/catch.hpp>

#include "unit/timing/kernels.hpp"

using namespace timing_test;
using timing::BlockPipeline;
using timing::Traversal;

namespace {

/// A 1x1 convolution of 16 x 16 x 32 to 16 x 16 x `outputs`; blocks of 8 x 8 x 16, so that each
/// works 8*8*16*32/256 = 128 cycles in the array, 8*8*16/4 = 256 in the output unit, and reads
/// 8*8*32 = 2048 B of input into 8 KiB.
KernelOp pointwise(int outputs) {
    KernelOp op = convolution(1, 0);
    op.ifm = brick_map(16, 16, 32, 0);
    op.ofm = brick_map(16, 16, outputs, 65536);
    op.ib_end = 10;
    return op;
}

BlockPipeline pipeline(const KernelOp& op) {
    const Target where;
    const Architecture arch = architecture(where.accelerator);
    return {Traversal{op, arch}, arch, where};
}

constexpr std::int64_t start = 10;  ///< Target::timing.block_start
constexpr std::int64_t array = start + 128;
constexpr std::int64_t output = 256;

}  // namespace

TEST_CASE("blocks take what their slower stage does, the output unit here") {
    const BlockPipeline blocks = pipeline(pointwise(16));
    CHECK(blocks.mac == 4 * 128);
    CHECK(blocks.output == 4 * output);
    CHECK(blocks.first_array == array);
    CHECK(blocks.last_job == array);
    CHECK(blocks.last_output == output);
    CHECK(blocks.cycles({}) == array + 3 * output);  // the last one's output comes on top
}

TEST_CASE("blocks take what their slower stage does, the array here") {
    KernelOp op = pointwise(16);
    op.kernel.height = op.kernel.width = 3;
    CHECK(pipeline(op).cycles({}) == 4 * (start + 9 * 128));
}

TEST_CASE("two blocks have accumulators: a third waits until the first is written") {
    // A block keeps its own for array, output and write; two share that time.
    const BlockPipeline blocks = pipeline(pointwise(16));
    CHECK(blocks.cycles({.write = 300}) == array + 3 * (array + output + 300) / 2);
    CHECK(blocks.cycles({.write = 118}) ==
          array + 3 * output);  // (138 + 256 + 118) / 2: just hidden
    CHECK(blocks.cycles({.write = 120}) == array + 3 * (output + 1));
}

TEST_CASE("elementwise blocks keep no accumulators") {
    const BlockPipeline blocks = pipeline(addition());
    CHECK(blocks.mac == 0);
    // 24 x 24 x 48 in 27 blocks of 8*8*16 elements, 6 cycles for 8 of them.
    CHECK(blocks.cycles({.write = 5000}) == 26 * (8 * 8 * 16 * 6 / 8));
}

TEST_CASE("inputs of as many jobs are on their way as find room in the IFM buffer") {
    KernelOp op = pointwise(16);
    const auto waits = [&](int kib) {
        op.ib_end = 2 + kib;
        return pipeline(op).cycles({.load = 1862});
    };
    // Room is taken from asking to the end of the work: 1862 + 138 = 2000 cycles.
    CHECK(waits(2) == array + 3 * 2000);
    CHECK(waits(3) == array + 3 * 2000);  // half a job more does not help
    CHECK(waits(4) == array + 3 * 1000);
    CHECK(waits(6) == array + 3 * 667);
    CHECK(waits(8) == array + 3 * 500);
    CHECK(waits(40) == array + 3 * 500);  // no more than four jobs
    CHECK(waits(1) == array + 3 * 2000);  // and never less than one
}

TEST_CASE("an addition's two inputs share the room and are held to the end of its output") {
    KernelOp op = addition();
    // 8*8*16 B of each map: 2 KiB a job. Held for 10 + 10 cycles of start and 768 of output.
    op.ib_end = 2 + 4;
    CHECK(pipeline(op).in_buffer == 2);
    CHECK(pipeline(op).cycles({.load = 2000}) == 26 * (2000 + 20 + 768) / 2);
    op.broadcast.scalar = true;  // one map: twice as many
    CHECK(pipeline(op).in_buffer == 4);
}

TEST_CASE("each job of a block asks for its input, held for its share of the work") {
    KernelOp op = pointwise(16);
    op.ifm = brick_map(16, 16, 64, 0);  // two depth blocks: 2 x 128 cycles of work
    const BlockPipeline blocks = pipeline(op);
    CHECK(blocks.jobs == 2);
    CHECK(blocks.last_job == (start + 2 * 128) / 2);
    // (1867 + 133) / 4 for each of two jobs.
    CHECK(blocks.cycles({.load = 1867}) == (start + 2 * 128) + 3 * 2 * 500);
}

TEST_CASE("blocks wait for SHRAM to take their inputs") {
    CHECK(pipeline(pointwise(16)).cycles({.store = 400}) == array + 3 * 400);
}

TEST_CASE("the first block waits for nothing but its own stages") {
    KernelOp op = pointwise(16);
    op.ofm = brick_map(8, 8, 16, 0);
    CHECK(pipeline(op).cycles({.load = 9000, .store = 9000, .write = 9000}) == array);
}

TEST_CASE("the jobs of the first block wait for their inputs, all but those that come first") {
    KernelOp op = pointwise(16);
    op.ifm = brick_map(8, 8, 320, 0);
    op.ofm = brick_map(8, 8, 16, 0);
    const BlockPipeline blocks = pipeline(op);
    REQUIRE(blocks.jobs == 10);
    const std::int64_t work = start + 10 * 128;
    CHECK(blocks.cycles({}) == work);
    CHECK(blocks.cycles({.store = 9000}) == 8100);
    // Four jobs' inputs are asked for together, the other six when there is room.
    CHECK(blocks.cycles({.load = 3871}) == 6 * 1000);
}

TEST_CASE("blocks at the edges count with their own sizes") {
    KernelOp op = pointwise(16);
    op.ifm = brick_map(12, 10, 32, 0);
    op.ofm = brick_map(12, 10, 24, 0);
    const BlockPipeline blocks = pipeline(op);
    CHECK(blocks.count_y == 2);
    CHECK(blocks.count_x == 2);
    CHECK(blocks.count_z == 2);
    // Output: a quarter of a cycle an element.
    CHECK(blocks.output == 12 * 10 * 24 / 4);
    // Ublocks of 2 x 2 x 8, 128 cycles for 16 of them at 16 channels of output; a step takes 32
    // cycles (decoding) where a block is 8 ublocks or less: 8x2 has 4 and 4x8 8, 4x2 has 2.
    // Groups of eight channels: two of the first depth, one of the second.
    CHECK(blocks.mac == 3 * (64 + 32 + 32 + 32));
    CHECK(blocks.last_output == 4 * 2 * 8 / 4);
}

TEST_CASE("a small block hides neither the output before it nor the array's work behind it") {
    KernelOp op = pointwise(16);
    op.ifm = brick_map(16, 10, 32, 0);
    op.ofm = brick_map(16, 10, 16, 0);
    // Columns of 8 and 2 in two rows: output is slower, but for the narrow ones'. Their 64 cycles
    // hide behind the next wide block's work, and their work behind the output before it.
    CHECK(pipeline(op).cycles({}) == array + output + array + output);
}
