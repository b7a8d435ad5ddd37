// When the buffers in SHRAM move, the next kernel waits until the one before is finished.
#include <catch2/catch.hpp>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

SCENARIO("a changed SHRAM layout drains the pipeline") {
    GIVEN("two convolutions with BLOCKDEP 3") {
        const auto cause = [](int accumulators_at) {
            KernelOp second = convolution(3, 3);
            second.ab_start = accumulators_at;
            const Simulation result =
                run(commands({convolution(3, 0), second, stream::Stop{}}), target());
            return result.causes[static_cast<std::size_t>(Cause::shram_reconfig)];
        };
        WHEN("both put their accumulators at the same bank") {
            THEN("no cycle is lost to the layout") { CHECK(cause(30) == Cycles{0}); }
        }
        WHEN("the second puts them elsewhere") {
            THEN("it waits for the first one's last write") { CHECK(cause(32) > Cycles{0}); }
        }
    }
}
