// A kernel's scales and weights are asked for when its traversal begins, scales first.
#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

/// When each of a unit's requests for one operation was under way, in order.
std::vector<Interval> requests(const Simulation& result, const std::string& unit,
                               std::uint32_t operation) {
    std::vector<Interval> found;
    for (const Interval& each : result.timeline) {
        if (result.units[each.unit] == unit && each.operation == operation) found.push_back(each);
    }
    REQUIRE_FALSE(found.empty());
    return found;
}

/// Its whole input is one block: no second request of scales.
KernelOp small(int blockdep) {
    KernelOp op = convolution(1, blockdep);
    op.ifm = brick_map(8, 8, 32, 0);
    op.ofm = brick_map(8, 8, 16, 65536);
    op.weights[0].length = 512;
    op.scales[0].length = 160;
    return op;
}

}  // namespace

SCENARIO("weights follow scales, and scales the kernel's first input") {
    GIVEN("two small convolutions, the second of which waits for the first") {
        const Simulation result = run(commands({small(0), small(0), stream::Stop{}}), target(),
                                      SimulateOptions{.timeline = true});
        const auto input = requests(result, "ifm_loader", 1);
        const auto scales = requests(result, "scale_loader", 1);
        const auto weights = requests(result, "weight_loader", 1);
        WHEN("the first one's blocks are written") {
            const Cycles first_ends = result.operations[0].end;
            THEN("the second asks for input and scales, not before") {
                CHECK(input.front().start == first_ends);
                CHECK(scales.front().start == first_ends);
            }
        }
        WHEN("the scales have come, a DRAM latency later") {
            THEN("it asks for weights, and has them another latency later") {
                // A cycle to the port, 500 of latency, ten beats of scales; 32 of weights.
                CHECK(scales.front().end - scales.front().start == Cycles{1 + 500 + 10});
                CHECK(weights.front().start == scales.front().end);
                CHECK(weights.front().end - weights.front().start == Cycles{1 + 500 + 32});
            }
        }
    }
    GIVEN("a kernel without scale records") {
        KernelOp op = small(0);
        op.scales = {};
        const Simulation result =
            run(commands({op, stream::Stop{}}), target(), SimulateOptions{.timeline = true});
        THEN("its weights are asked for with its input") {
            CHECK(requests(result, "weight_loader", 0).front().start ==
                  requests(result, "ifm_loader", 0).front().start);
        }
    }
}
