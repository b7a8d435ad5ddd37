// When the buffers in SHRAM move, the next kernel waits until the one before is finished.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

SCENARIO("a changed SHRAM layout drains the pipeline") {
    GIVEN("two convolutions with BLOCKDEP 3") {
        const auto run_with = [](int accumulators_at) {
            KernelOp second = convolution(3, 3);
            second.ab_start = accumulators_at;
            return run(commands({convolution(3, 0), second, stream::Stop{}}), target(),
                       {.timeline = true});
        };
        const auto first_load = [](const Simulation& result) {
            Cycles first{1 << 30};
            for (const Interval& each : result.timeline) {
                const bool loads = result.units[each.unit] == "ifm_loader";
                if (loads && each.operation == 1) first = std::min(first, each.start);
            }
            return first;
        };
        WHEN("both put their accumulators at the same bank") {
            const Simulation result = run_with(30);
            THEN("no cycle is lost to the layout") {
                CHECK(result.causes[static_cast<std::size_t>(Cause::shram_reconfig)] == Cycles{0});
                CHECK(first_load(result) < result.operations[0].end);
            }
        }
        WHEN("the second puts them elsewhere") {
            const Simulation result = run_with(32);
            THEN(
                "it loads its first input in the cycle in which the first one's last block is "
                "done") {
                CHECK(first_load(result) == result.operations[0].end);
            }
        }
    }
}
