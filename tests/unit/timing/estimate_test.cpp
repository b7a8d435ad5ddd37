// What an estimate adds up, rule by rule, with the arithmetic.
#include "timing/estimate.hpp"

#include <catch2/catch.hpp>

#include "unit/timing/kernels.hpp"

using namespace timing_test;
using timing::KernelEstimate;
using timing::KernelEstimator;

namespace {

constexpr int sram = 2;      ///< a region behind port 0
constexpr int off_chip = 0;  ///< a region behind port 1

/// A 1x1 convolution of 16 x 16 x `inputs` to 16 x 16 x `outputs`, in SRAM but for its weights;
/// blocks of 8 x 8 x 16, so that each works 128 cycles in the array for 32 channels and 256 in the
/// output unit.
KernelOp pointwise(int inputs, int outputs) {
    KernelOp op = convolution(1, 0);
    op.ifm = brick_map(16, 16, inputs, 0);
    op.ofm = brick_map(16, 16, outputs, 65536);
    op.ib_end = 10;
    op.weights[0] = {0, static_cast<std::uint32_t>(inputs * outputs)};
    op.scales[0] = {0, 0};
    return op;
}

/// 8 x 8 x 32 of the same: one block.
KernelOp one_block() {
    KernelOp op = pointwise(32, 16);
    op.ifm = brick_map(8, 8, 32, 0);
    op.ofm = brick_map(8, 8, 16, 65536);
    return op;
}

/// No latency, nothing limited: ports pass 16 B a cycle in bursts of 128.
Target plain() {
    Target where;
    where.timing.kernel_setup = Cycles{65};
    where.timing.block_output_delay = Cycles{10};
    where.timing.block_completion = Cycles{50};
    where.timing.block_start = Cycles{10};
    where.timing.burst_overhead = Cycles{7};
    return where;
}

std::int64_t total(const Target& where, const KernelOp& op) {
    return KernelEstimator{where}.kernel(op).total.count();
}

constexpr std::int64_t around = 65 + 10 + 50;  ///< setup, output delay, completion
constexpr std::int64_t array = 10 + 128;
constexpr std::int64_t output = 256;
/// 64 pixels of two bricks, 8 B a cycle: longer than the port's 2048 B / 16.
constexpr std::int64_t store = 256;
constexpr std::int64_t chunk = 64;  ///< 1024 B of OFM at 16 B a cycle

}  // namespace

TEST_CASE("one block passes every stage, one behind the other") {
    CHECK(total(plain(), one_block()) == store + array + output + chunk + around);
}

TEST_CASE("blocks overlap: beside the slowest stage only the ends of the others show") {
    // First inputs, four blocks in the output unit, the array in front of the first, one write.
    CHECK(total(plain(), pointwise(32, 16)) == store + array + 4 * output + chunk + around);
}

TEST_CASE("each constant counts once a kernel") {
    const KernelOp op = pointwise(32, 16);
    const std::int64_t before = total(plain(), op);
    const auto with = [&](Cycles TimingConstants::*constant, std::int64_t more) {
        Target where = plain();
        where.timing.*constant += Cycles{more};
        return total(where, op) - before;
    };
    CHECK(with(&TimingConstants::kernel_setup, 1000) == 1000);
    CHECK(with(&TimingConstants::block_completion, 1000) == 1000);
    CHECK(with(&TimingConstants::block_output_delay, 7) == 7);
    CHECK(with(&TimingConstants::block_start, 5) == 5);  // hidden but for the first block's
}

TEST_CASE("nothing hides the first load: data and latency, or what SHRAM takes") {
    Target where = plain();
    const std::int64_t rest = array + output + chunk + around;
    where.sram.read_latency = Cycles{128};  // 128 + 2048 / 16: as long as SHRAM takes
    CHECK(total(where, one_block()) == store + rest);
    where.sram.read_latency = Cycles{1128};
    CHECK(total(where, one_block()) == 1128 + 128 + rest);
}

TEST_CASE("the first weights come before the first block's work, asked for when scales have come") {
    Target where = plain();
    where.off_chip.read_latency = Cycles{700};
    const std::int64_t rest = 16 + array + output + chunk + around;  // 16: one request of 256 B
    KernelOp op = one_block();
    CHECK(total(where, op) == 700 + rest);
    op.scales[0].length = 160;
    CHECK(total(where, op) == 2 * 700 + 160 / 16 + rest);
    op.scale_region = sram;
    CHECK(total(where, op) == 700 + 160 / 16 + rest);
}

TEST_CASE("weights wait for the scales of two blocks, in rounds of the port's slots") {
    Target where = plain();
    where.off_chip.read_latency = Cycles{700};
    where.off_chip.max_outstanding_reads = 4;
    KernelOp op = pointwise(32, 16);  // four blocks of all channels
    op.weight_region = sram;
    op.scales[0].length = 160;
    // Twice 160 B in three bursts, 4 beats the longest: four at once, and two when slots are free.
    const std::int64_t scales = (700 + 7 + 4) + 2 * 4;
    CHECK(total(where, op) == 700 + scales + 16 + array + 4 * output + chunk + around);
}

TEST_CASE("the last write: a chunk of 1024 B or less, and its response") {
    Target where = plain();
    where.sram.write_latency = Cycles{300};
    const std::int64_t until = store + array + output + around;
    CHECK(total(where, one_block()) == until + chunk + 300);
    KernelOp op = one_block();
    op.ofm = brick_map(4, 8, 16, 65536);  // 512 B
    op.ifm = brick_map(4, 8, 32, 0);
    // Half of everything, but the array: 8 ublocks, 32 cycles a step, 2 groups of channels.
    CHECK(total(where, op) == store / 2 + (10 + 64) + output / 2 + around + chunk / 2 + 300);
    op = one_block();
    op.ofm = brick_map(8, 8, 32, 65536);
    op.block.depth = 32;  // 2048 B leave in two chunks
    CHECK(total(where, op) == store + (10 + 256) + 2 * output + around + chunk + 300);
}

TEST_CASE("accumulators are kept until the block's last chunk is taken") {
    Target where = plain();
    where.sram.max_outstanding_writes = 1;
    where.sram.write_latency = Cycles{10};
    // A block is 8 rows of 128 B, a burst each: 8 * (10 + 7) + 64 beats = 200 cycles a chunk. The
    // last one has nothing behind it that waits for its slot.
    const std::int64_t kept = (array + output + (200 + 10)) / 2;  // two blocks have accumulators
    CHECK(kept > output);
    CHECK(total(where, pointwise(32, 16)) ==
          store + array + output + 3 * kept + (200 - (10 + 7) + 10) + around);
}

TEST_CASE("the block behind a small one waits for the accumulators of the one before both") {
    KernelOp op = pointwise(64, 24);
    op.block.depth = 16;
    // Depths of 16 and 8 in turn. Two jobs and the start are 266 cycles of the array for a large
    // one and 138 for a small one, 256 and 128 of the output unit.
    const std::int64_t large = 10 + 2 * 128, small = 10 + 2 * 64;
    const std::int64_t pair = large + 256 + (chunk + 10);
    CHECK(pair > 256 + large);  // that of the two steps, each by itself
    CHECK(total(plain(), op) == store + large + 256 + 3 * pair + 128 + chunk + around);
    CHECK(small < 256);
}

TEST_CASE("a box that stays is loaded once for all depths of the OFM") {
    Target where = plain();
    where.sram.read_latency = Cycles{3000};
    // 12 blocks, three in depth. The 4 boxes cost 128 cycles of data each. Per load: all of a
    // box's data, for it comes once for three, and a third of the latency. Four boxes have room.
    const std::int64_t load = 128 + 3000 / 3;
    const std::int64_t each = ceil_div(load + array, std::int64_t{4});
    CHECK(each > output);
    CHECK(total(where, pointwise(32, 48)) ==
          (3000 + 128) + output + 11 * each + array + chunk + around);
    // Three depth blocks do not stay: 36 loads, each with its latency, three a block.
    const std::int64_t held = ceil_div(10 + 3 * std::int64_t{128}, std::int64_t{3});
    const std::int64_t thrice = 3 * ceil_div(128 + 3000 + held, std::int64_t{4});
    // Of the first block the second and third load enter SHRAM behind the first one, 256 cycles
    // each.
    CHECK(total(where, pointwise(96, 48)) ==
          (3000 + 128) + 2 * 256 + 11 * thrice + output + chunk + around);
}

TEST_CASE("an addition's inputs come one after the other from one port, together from two") {
    Target where = plain();
    where.sram.read_latency = Cycles{2000};
    where.off_chip.read_latency = Cycles{2500};
    KernelOp op = addition();
    op.ifm = brick_map(8, 8, 16, 0);
    op.ifm2 = brick_map(8, 8, 16, 4096);
    op.ofm = brick_map(8, 8, 16, 8192);
    // One block: 64 cycles of data for each map, 768 of output, no array.
    const std::int64_t rest = 768 + 64 + around + 10;  // a start of 10 + 10 for the delay
    CHECK(total(where, op) == 2000 + 64 + 64 + rest);
    op.ifm2.region = off_chip;
    CHECK(total(where, op) == 2500 + 64 + rest);
    op.broadcast.scalar = true;
    CHECK(total(where, op) == 2000 + 64 + rest);
}

TEST_CASE("blocks of an addition wait for both inputs, whose data share a port") {
    Target where = plain();
    where.sram.read_latency = Cycles{2000};
    where.off_chip.read_latency = Cycles{2500};
    KernelOp op = addition();
    op.ib_end = 2 + 4;  // two pairs of boxes of 1 KiB each
    // 27 blocks of 768 cycles. A pair is held from asking for it to the end of its output, which
    // 10 + 10 cycles of start precede.
    const auto all = [](std::int64_t load) {
        return load + 768 + 26 * (load + 20 + 768) / 2 + 64 + around + 10;
    };
    CHECK(total(where, op) == all(2000 + 64 + 64));
    op.ifm2.region = off_chip;
    CHECK(total(where, op) == all(2500 + 64));
}

TEST_CASE("a port that is slower than all stages decides") {
    Target where = plain();
    KernelOp op = pointwise(32, 16);
    // 64000 B of weights for each of four block positions, 16 B a cycle.
    op.weights[0].length = 64000;
    where.off_chip.read_latency = Cycles{700};
    KernelEstimate estimate = KernelEstimator{where}.kernel(op);
    CHECK(estimate.port_cycles[1].count() == 4 * 64000 / 16);
    // The array has worked on all but the last request of 256 B when that comes.
    CHECK(estimate.total.count() ==
          4 * 64000 / 16 + 700 + array * 256 / 64000 + output + chunk + around);
    // Writes behind one slot: 8 blocks of 8 bursts, (293 + 7) cycles each, and 512 beats.
    op = pointwise(16, 32);
    where = plain();
    where.sram.max_outstanding_writes = 1;
    where.sram.write_latency = Cycles{293};
    estimate = KernelEstimator{where}.kernel(op);
    const std::int64_t writes = 64 * 300 + 512;
    CHECK(estimate.port_cycles[0].count() == writes);
    // Whether of all bursts or of a chunk's, the last one finds nothing behind it.
    CHECK(estimate.total.count() ==
          store / 2 + array + (writes - 300) + (writes / 8 - 300 + 293) + around);
    // Reads and writes share a cap: 512 + 256 beats at a quarter of a beat a cycle.
    op = pointwise(32, 16);
    where = plain();
    where.sram.bandwidth = BytesPerCycle{4, 1};
    estimate = KernelEstimator{where}.kernel(op);
    CHECK(estimate.port_cycles[0].count() == 4 * (512 + 256));
    CHECK(estimate.total.count() == 4 * (512 + 256) + array + output + 4 * chunk + around);
}

TEST_CASE("traffic counts weights and scales once a block position, inputs as they are loaded") {
    KernelOp op = pointwise(32, 48);
    op.weights[0].length = 640;
    op.scales[0].length = 480;
    const KernelEstimate estimate = KernelEstimator{plain()}.kernel(op);
    const auto bytes = [&](std::size_t port, Channel channel) {
        return estimate.ports[port].bytes[static_cast<std::size_t>(channel)].count();
    };
    CHECK(estimate.blocks == 12);
    CHECK(estimate.jobs == 12);
    CHECK(bytes(1, Channel::weights) == 4 * 640);
    CHECK(bytes(1, Channel::scales) == 4 * 480);
    CHECK(bytes(0, Channel::ifm) == 16 * 16 * 32);
    CHECK(bytes(0, Channel::ofm) == 16 * 16 * 48);
    const KernelEstimate again = KernelEstimator{plain()}.kernel(pointwise(96, 48));
    CHECK(again.jobs == 36);
    CHECK(again.ports[0].bytes[static_cast<std::size_t>(Channel::ifm)].count() == 3 * 16 * 16 * 96);
}

TEST_CASE("what neighbours can hide: everything but the slowest stage's work") {
    const KernelEstimate estimate = KernelEstimator{plain()}.kernel(pointwise(32, 16));
    CHECK(estimate.fill.count() == store + array + chunk + 65 + 50);
}

TEST_CASE("the least a kernel takes is its total on memory without latency, but for the write") {
    const Target where = plain();
    const KernelOp op = pointwise(32, 16);
    CHECK(KernelEstimator{where}.least(op).count() == store + array + 4 * output + around);
    const Target slow = timing_test::target();
    for (const KernelOp& each : {op, pointwise(96, 48), addition(), convolution(3, 0)}) {
        CHECK(KernelEstimator{slow}.least(each) <= KernelEstimator{slow}.kernel(each).total);
    }
}

TEST_CASE("places: each answer is the total with those regions") {
    const Target where = timing_test::target();
    KernelEstimator estimator{where};
    const KernelOp op = convolution(3, 0);
    const timing::PlacementCycles places = estimator.placements(op, {sram, off_chip});
    const std::array<Cycles, 2> weights = estimator.weight_placements(op, {sram, off_chip});
    const std::array<int, 2> regions{sram, off_chip};
    for (std::size_t i = 0; i < 2; ++i) {
        for (std::size_t o = 0; o < 2; ++o) {
            KernelOp placed = op;
            placed.ifm.region = regions[i];
            placed.ofm.region = regions[o];
            CHECK(places[i][o] == KernelEstimator{where}.kernel(placed).total);
        }
        KernelOp placed = op;
        placed.weight_region = placed.scale_region = regions[i];
        CHECK(weights[i] == KernelEstimator{where}.kernel(placed).total);
    }
    CHECK(places[1][1] > places[0][0]);
    CHECK(weights[1] > weights[0]);
}

TEST_CASE("a transfer takes its slower side's data and both latencies") {
    Target where = plain();
    where.sram.write_latency = Cycles{30};
    where.off_chip.read_latency = Cycles{500};
    stream::DmaOp op;
    op.source.region = off_chip;
    op.destination.region = sram;
    op.destination.address = 65536;
    op.length = 4096;
    CHECK(KernelEstimator{where}.dma(op).alone().count() == 4096 / 16 + 500 + 30);
    where.off_chip.max_outstanding_reads =
        2;  // 64 bursts of 507 cycles, and 256 beats, two at once
    CHECK(KernelEstimator{where}.dma(op).alone().count() == (64 * 507 + 256) / 2 + 500 + 30);
    op.stride_mode = 1;
    op.size0 = 3;
    CHECK(KernelEstimator{where}.dma(op).alone().count() == 3 * (64 * 507 + 256) / 2 + 500 + 30);
    where.sram.bandwidth = BytesPerCycle{1, 1};
    // Runs of 4 bytes fill a beat of 16 each, but for those that lie one behind the other.
    op.length = 4;
    op.size0 = 4096;
    where.off_chip.max_outstanding_reads = 0;
    CHECK(KernelEstimator{where}.dma(op).alone().count() == 4096 * 16 + 500 + 30);
    op.destination.packed = true;
    CHECK(KernelEstimator{where}.dma(op).alone().count() == 4096 * 4 + 500 + 30);
    op.length = 4096;
    op.size0 = 3;
    where.off_chip.max_outstanding_reads = 2;
    op.destination.internal = true;  // SHRAM takes it as it comes
    CHECK(KernelEstimator{where}.dma(op).alone().count() == 3 * (64 * 507 + 256) / 2 + 500);
}

TEST_CASE("reading weights takes their data and one latency") {
    Target where = plain();
    where.off_chip.read_latency = Cycles{500};
    CHECK(KernelEstimator{where}.weight_reads(32000, off_chip).count() == 2000 + 500);
    CHECK(KernelEstimator{where}.weight_reads(32000, sram).count() == 2000);
}
