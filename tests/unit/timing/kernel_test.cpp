#include <catch2/catch.hpp>

#include "timing/axi.hpp"
#include "timing/estimate.hpp"
#include "timing/feature_map_access.hpp"
#include "timing/ifm_store.hpp"
#include "timing/mac_array.hpp"
#include "timing/output_unit.hpp"

using namespace u65sim;
using namespace u65sim::timing;
using stream::FeatureMap;
using stream::KernelKind;
using stream::KernelOp;
using stream::Layout;

namespace {

FeatureMap brick_map(int height, int width, int depth) {
    FeatureMap map;
    map.height0 = map.height1 = map.height = height;
    map.width0 = map.width = width;
    map.depth = depth;
    map.layout = Layout::nhcwb16;
    map.stride_x = 16;
    map.stride_c = 16 * width;
    map.stride_y = static_cast<std::int64_t>(round_up(depth, 16)) * width;
    return map;
}

KernelOp pointwise(int size, int inputs, int outputs) {
    KernelOp op;
    op.kind = KernelKind::conv;
    op.ifm = brick_map(size, size, inputs);
    op.ofm = brick_map(size, size, outputs);
    op.ofm.region = op.ifm.region = 2;
    op.block = {8, 8, 16};
    op.ib_end = 10;
    op.ab_start = 14;
    op.weights[0] = {0, static_cast<std::uint32_t>(inputs * outputs)};
    op.scales[0] = {0, static_cast<std::uint32_t>(10 * outputs)};
    return op;
}

const Accelerator u65_256{};

}  // namespace

TEST_CASE("a full depth-first block keeps all 256 MACs busy") {
    const KernelOp op = pointwise(16, 32, 16);
    const Architecture arch = architecture(u65_256);
    const Traversal traversal{op, arch};
    const Box block = traversal.block(0);
    const Cycles cycles = mac_cycles(traversal, block, 0, traversal.sub_kernel(0), arch, u65_256);
    CHECK(cycles.count() * 256 == 8 * 8 * 16 * 32);
}

TEST_CASE("an edge block costs its real size and never less than weight decoding") {
    const KernelOp op = pointwise(9, 32, 16);  // the last block is 1 x 1
    const Architecture arch = architecture(u65_256);
    const Traversal traversal{op, arch};
    REQUIRE(traversal.blocks() == 4);
    const Box edge = traversal.block(3);
    CHECK(edge.height == 1);
    CHECK(edge.width == 1);
    // Two groups of eight channels, 32 cycles of decoding each, one ublock: bubbles between steps
    // occur only with more than one step.
    CHECK(mac_cycles(traversal, edge, 0, traversal.sub_kernel(0), arch, u65_256).count() == 64);
}

TEST_CASE("an input box is clipped to the map: padding is not read") {
    KernelOp op = pointwise(16, 16, 16);
    op.kernel.height = op.kernel.width = 3;
    op.pad = {1, 1, 1, 1};
    const Traversal traversal{op, architecture(u65_256)};
    const Box first = traversal.ifm_box(traversal.block(0), 0, traversal.sub_kernel(0));
    CHECK(first == Box{0, 0, 0, 9, 9, 16});
    const Box last = traversal.ifm_box(traversal.block(3), 0, traversal.sub_kernel(0));
    CHECK(last == Box{7, 7, 0, 9, 9, 16});
}

TEST_CASE("a kernel of 10 x 4 is two sub-kernels") {
    KernelOp op = pointwise(16, 1, 16);
    op.kernel.height = 10;
    op.kernel.width = 4;
    const Traversal traversal{op, architecture(u65_256)};
    REQUIRE(traversal.sub_kernels() == 2);
    CHECK(traversal.sub_kernel(0).elements() == 32);
    CHECK(traversal.sub_kernel(1).elements() == 8);
}

TEST_CASE("weight shares of all jobs add up to the pass") {
    KernelOp op = pointwise(16, 70, 40);
    op.kernel.part_kernel_first = true;
    op.kernel.height = op.kernel.width = 3;
    const Traversal traversal{op, architecture(u65_256)};
    std::int64_t sum = 0;
    for (int z = 0; z < traversal.blocks_z(); ++z) {
        for (int d = 0; d < traversal.depth_blocks(); ++d) {
            sum += traversal.weight_volume(traversal.block(0, 0, z), d, traversal.sub_kernel(0));
        }
    }
    CHECK(sum == traversal.weight_volume_of_pass());
}

TEST_CASE("a run is cut at burst boundaries and counts whole beats") {
    const BusShape bus{16, 64};
    CHECK(run_access(0, 64, bus) == Access{64, 4, 1});
    CHECK(run_access(48, 32, bus) == Access{32, 2, 2});
    CHECK(run_access(15, 2, bus) == Access{2, 2, 1});
    CHECK(run_access(15, 0, bus) == Access{});
}

TEST_CASE("bricks are moved whole, one run a row and slice") {
    const FeatureMap map = brick_map(4, 4, 24);
    const Access access = box_access(map, {0, 0, 0, 4, 4, 24}, {16, 64});
    CHECK(access == Access{4 * 4 * 32, 4 * 4 * 2, 4 * 2});
    CHECK(access.bytes == box_bytes(map, {0, 0, 0, 4, 4, 24}));
}

TEST_CASE("NHWC is one run a row with all channels, else one a pixel") {
    FeatureMap map = brick_map(2, 8, 8);
    map.layout = Layout::nhwc;
    map.stride_x = 8;
    map.stride_y = 64;
    CHECK(box_access(map, {0, 0, 0, 2, 8, 8}, {16, 64}) == Access{128, 8, 2});
    CHECK(box_access(map, {0, 0, 0, 2, 8, 4}, {16, 64}) == Access{64, 16, 16});
}

TEST_CASE("a rolling buffer's second tile is read from its own base") {
    FeatureMap map = brick_map(8, 4, 16);
    map.height0 = 6;
    map.base = {1024, 0, 8, 0};  // tile 2 is misaligned on purpose: more beats a row
    const Access upper = box_access(map, {0, 0, 0, 6, 4, 16}, {16, 64});
    const Access both = box_access(map, {0, 0, 0, 8, 4, 16}, {16, 64});
    CHECK(upper.beats == 6 * 4);
    CHECK(both.beats == 6 * 4 + 2 * 5);
}

TEST_CASE("the output unit's lanes and a table's cycle an element") {
    KernelOp op = pointwise(16, 32, 16);
    const auto cycles = [&](int depth) {
        return output_cycles(op, {0, 0, 0, 8, 8, depth}, architecture(u65_256), u65_256).count();
    };
    CHECK(cycles(16) == 64 * 16 / 4);
    op.activation.function = 16;
    CHECK(cycles(16) == 64 * 16);
    // The table takes elements one by one, but never less than a row of lanes.
    CHECK(cycles(1) == 64 * 2);
    CHECK(cycles(2) == 64 * 2);
    CHECK(cycles(3) == 64 * 3);
    op = {};
    op.kind = KernelKind::elementwise;
    op.elementwise_mode = stream::ElementwiseMode::add;
    CHECK(cycles(16) == 64 * 16 * 6 / 8);
}

TEST_CASE("output lanes work on channels of one pixel") {
    const KernelOp op = pointwise(16, 32, 16);
    const auto cycles = [&](int depth, const Accelerator& where) {
        return output_cycles(op, {0, 0, 0, 8, 8, depth}, architecture(where), where).count();
    };
    CHECK(cycles(4, u65_256) == cycles(8, u65_256));
    CHECK(cycles(12, u65_256) == cycles(16, u65_256));
    const Accelerator u65_512{Product::u65, 256, 2};
    CHECK(cycles(8, u65_512) == cycles(8, u65_256));  // four channels a core fill half the lanes
    CHECK(2 * cycles(16, u65_512) == cycles(16, u65_256));
    const Accelerator u55_32{Product::u55, 32, 1};
    CHECK(2 * cycles(4, u55_32) == cycles(8, u55_32));  // one lane is never idle
}

TEST_CASE("inputs enter SHRAM eight bytes of channels a cycle") {
    KernelOp op = pointwise(16, 32, 16);
    const Box box{0, 0, 0, 4, 8, 32};
    CHECK(store_cycles(op, op.ifm, box, 1) == 32 * 2 * 2);
    CHECK(store_cycles(op, op.ifm, box, 2) == 32 * 2 * 2);  // both cores keep it all
    CHECK(store_cycles(op, op.ifm, {0, 0, 0, 4, 8, 20}, 1) == 32 * 2 * 2);  // whole bricks
    CHECK(store_cycles(op, op.ifm, {0, 0, 8, 4, 8, 16}, 1) == 32 * 2 * 2);
    CHECK(store_cycles(op, op.ifm, {0, 0, 0, 0, 8, 32}, 1) == 0);
    op.kind = KernelKind::depthwise;
    CHECK(store_cycles(op, op.ifm, box, 1) == 32 * 2 * 2);
    CHECK(store_cycles(op, op.ifm, box, 2) == 32 * 2);
    op.kind = KernelKind::pool;
    op.pool_mode = stream::PoolMode::reduce_sum;  // every output needs all channels
    CHECK(store_cycles(op, op.ifm, box, 2) == 32 * 2 * 2);
    op.ifm.type = stream::DataType::s16;
    CHECK(store_cycles(op, op.ifm, box, 1) == 32 * 2 * 4);
    op.ifm.layout = Layout::nhwc;
    op.ifm.type = stream::DataType::s8;
    CHECK(store_cycles(op, op.ifm, {0, 0, 0, 4, 8, 3}, 1) == 32);
    CHECK(store_cycles(op, op.ifm, {0, 0, 0, 4, 8, 9}, 1) == 32 * 2);
}

TEST_CASE("slots bound a stream by latency, the cap by its whole last burst") {
    PortRules rules;
    rules.read_latency = 500;
    rules.read_slots = 24;
    rules.slot_overhead = 6;
    const Access megabyte{1 << 20, 1 << 16, 1 << 14};
    const std::int64_t cycles = streaming_cycles(megabyte, rules, false).count();
    CHECK(cycles == ceil_div((1 << 14) * 506 + (1 << 16), 24));  // about 3 B a cycle
    rules.cap_beats = 50;
    rules.cap_period = 400;
    const Access flash{64 * 7, 56, 7};  // bursts of 8 beats: 56 pass where 50 are granted
    CHECK(capped_cycles(flash, rules).count() == 400);
}

TEST_CASE("an estimate is no faster than its parts and ideal memory no slower") {
    const KernelOp op = pointwise(32, 64, 64);
    Target target;
    target.sram.bandwidth = BytesPerCycle{16, 1};
    target.sram.read_latency = Cycles{32};
    target.off_chip.read_latency = Cycles{500};
    target.off_chip.max_outstanding_reads = 24;
    const KernelEstimate real = KernelEstimator{target}.kernel(op);
    CHECK(real.total >= real.mac);
    CHECK(real.total >= real.output);
    CHECK(real.total >= real.port_cycles[0]);
    CHECK(real.mac.count() * 256 >= op.macs());
    target.ideal_memory = true;
    CHECK(KernelEstimator{target}.kernel(op).total <= real.total);
}

TEST_CASE("two cores' weights come as fast as the cap allows, one core's as slots do") {
    Target target;
    target.off_chip.read_latency = Cycles{500};
    target.off_chip.max_outstanding_reads = 24;
    target.off_chip.bandwidth = BytesPerCycle{15, 4};
    target.off_chip.bandwidth_period = Cycles{5000};
    const auto cycles = [&] {
        return KernelEstimator{target}.weight_reads(std::int64_t{1} << 20, 0).count();
    };
    const PortRules rules = port_rules(target, architecture(target.accelerator), 1);
    const std::int64_t bursts = (1 << 20) / 64;
    CHECK(cycles() ==
          rules.read_latency +
              ceil_div(bursts * (rules.read_latency + rules.slot_overhead + 4), rules.read_slots));
    target.accelerator.cores = 2;
    CHECK(cycles() == rules.read_latency + ceil_div((bursts * 4) * rules.cap_period,
                                                    round_up(rules.cap_beats, std::int64_t{8})));
}

TEST_CASE("remembered boxes cost what box_access says") {
    std::uint32_t state = 1;
    const auto draw = [&](int limit) {
        state = state * 1664525U + 1013904223U;
        return static_cast<int>((state >> 8) % static_cast<std::uint32_t>(limit));
    };
    for (const Layout layout : {Layout::nhcwb16, Layout::nhwc}) {
        for (const int tile : {0, 7}) {
            FeatureMap map = brick_map(20, 19, 40);
            map.layout = layout;
            map.base = {48, 100000, 200000, 300000};
            if (layout == Layout::nhwc) map.stride_x = 40;
            if (tile > 0) map.width0 = map.height0 = map.height1 = tile;
            const BusShape bus{16, 128};
            BoxTraffic traffic;
            traffic.begin(map, bus);
            for (int i = 0; i < 3000; ++i) {
                const Box corner{draw(20), draw(19), draw(40), 0, 0, 0};
                const Box box{corner.y,
                              corner.x,
                              corner.z,
                              draw(std::min(4, 21 - corner.y)),
                              draw(std::min(4, 20 - corner.x)),
                              draw(41 - corner.z)};
                CHECK(traffic.of(box) == box_access(map, box, bus));
            }
        }
    }
}

TEST_CASE("an estimator that knows many kernels says what one that knows none says") {
    std::uint32_t state = 5;
    const auto draw = [&](int limit) {
        state = state * 1664525U + 1013904223U;
        return static_cast<int>((state >> 8) % static_cast<std::uint32_t>(limit));
    };
    Target target;
    target.memory_mode = MemoryMode::dedicated_sram;
    target.sram.read_latency = Cycles{32};
    target.off_chip.read_latency = Cycles{500};
    target.off_chip.max_outstanding_reads = 24;
    KernelEstimator warm{target};
    for (int round = 0; round < 2000; ++round) {
        // One register each time is another than in a kernel that is asked for again and again.
        KernelOp op = pointwise(16, 32, 64);
        if (draw(4) == 0) {
            op.kind = KernelKind::elementwise;
            op.ifm = op.ifm2 = op.ofm;
            op.weights = op.scales = {};
        }
        FeatureMap& map = draw(2) == 0 ? op.ifm : op.ofm;
        switch (draw(16)) {
            case 0:
                op.ifm.region = draw(3);
                break;
            case 1:
                op.ofm.region = draw(3);
                break;
            case 2:
                op.ifm2.region = draw(3);
                break;
            case 3:
                op.weight_region = op.scale_region = draw(3);
                break;
            case 4:
                op.weights[0] = {static_cast<std::uint64_t>(16 * draw(9)), 4000};
                break;
            case 5:
                op.scales[0].length = static_cast<std::uint32_t>(16 * draw(99));
                break;
            case 6:
                map.base[0] = static_cast<std::uint64_t>(16 * draw(40));
                break;
            case 7:
                map.stride_y += 16 * draw(3);
                break;
            case 8:
                op.block.height = 2 << draw(3);
                break;
            case 9:
                op.kernel.height = 1 + draw(3);
                break;
            case 10:
                op.pad.top = draw(3);
                break;
            case 11:
                op.kernel.part_kernel_first = draw(2) == 0;
                break;
            case 12:
                op.ib_end = 4 + draw(12);
                break;
            case 13:
                op.activation.function = draw(2) == 0 ? 0 : 16 + draw(8);
                break;
            case 14:
                map.type = draw(2) == 0 ? stream::DataType::s8 : stream::DataType::s16;
                break;
            default:
                op.broadcast.height = draw(2) == 0;
                break;
        }
        const KernelTimes known = warm.times(op);
        const KernelEstimate fresh = KernelEstimator{target}.kernel(op);
        REQUIRE(known.total == fresh.total);
        REQUIRE(known.fill == fresh.fill);
        REQUIRE(known.mac == fresh.mac);
        REQUIRE(known.output == fresh.output);
        REQUIRE(known.port_cycles == fresh.port_cycles);
        REQUIRE(warm.least(op) == KernelEstimator{target}.least(op));
    }
    CHECK(warm.kept() < 400);
    CHECK(warm.kept() > 40);
}
