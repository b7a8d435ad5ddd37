// BLOCKDEP says how many blocks of the kernel before may be unfinished when a kernel starts.
#include <catch2/catch.hpp>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

SCENARIO("BLOCKDEP limits how far two kernels overlap") {
    GIVEN("two convolutions with the same use of SHRAM") {
        const auto run_with = [](int blockdep, const Target& where) {
            return run(commands({convolution(3, 0), convolution(3, blockdep), stream::Stop{}}),
                       where);
        };
        WHEN("BLOCKDEP is 0") {
            const Simulation result = run_with(0, target());
            THEN("the second kernel reads its input only after the first one's last write") {
                const Simulation traced =
                    run(commands({convolution(3, 0), convolution(3, 0), stream::Stop{}}), target(),
                        {.timeline = true});
                Cycles first_mac{1 << 30};
                for (const Interval& each : traced.timeline) {
                    if (traced.units[each.unit] == "mac_array" && each.operation == 1) {
                        first_mac = std::min(first_mac, each.start);
                    }
                }
                CHECK(first_mac >= traced.operations[0].end);
                CHECK(result.causes[static_cast<std::size_t>(Cause::block_dependency)] > Cycles{0});
            }
        }
        WHEN("BLOCKDEP grows, and requests never get into each other's way") {
            THEN("the pair takes less time with each step, or the same") {
                Target ideal = target();
                ideal.ideal_memory = true;
                const std::int64_t first = run_with(0, ideal).total.count();
                std::int64_t before = first;
                for (const int blockdep : {1, 2, 3}) {
                    const std::int64_t now = run_with(blockdep, ideal).total.count();
                    CHECK(now <= before);
                    before = now;
                }
                CHECK(before < first);
            }
        }
    }
}

SCENARIO("a third kernel waits until the first has finished, whatever BLOCKDEP says") {
    GIVEN("three kernels with BLOCKDEP 3") {
        const Simulation result =
            run(commands({convolution(3, 0), convolution(1, 3), convolution(1, 3), stream::Stop{}}),
                target());
        THEN("the third is issued when the first has ended: two are outstanding at most") {
            CHECK(result.operations[2].issue >= result.operations[0].end);
            CHECK(result.operations[1].issue < result.operations[0].end);
        }
    }
}
