// BLOCKDEP says how many blocks of the kernel before may be unfinished when a kernel starts.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

SCENARIO("BLOCKDEP limits how far two kernels overlap") {
    GIVEN("two convolutions with the same use of SHRAM") {
        const auto run_with = [](int blockdep, const Target& where) {
            return run(commands({convolution(3, 0), convolution(3, blockdep), stream::Stop{}}),
                       where);
        };
        // The second one's first load, and when the first one's blocks are done: `block_completion`
        // behind the answer to their last write.
        const auto hand_over = [](int blockdep) {
            const Simulation result =
                run(commands({convolution(3, 0), convolution(3, blockdep), stream::Stop{}}),
                    target(), {.timeline = true});
            Cycles load{1 << 30};
            std::vector<Cycles> done;
            for (const Interval& each : result.timeline) {
                const std::string& unit = result.units[each.unit];
                if (unit == "ifm_loader" && each.operation == 1) load = std::min(load, each.start);
                if (unit == "ofm_writer" && each.operation == 0) {
                    done.push_back(each.end + target().timing.block_completion);
                }
            }
            REQUIRE(done.size() == 27);  // a chunk is a block here
            return std::pair{load, done};
        };
        WHEN("BLOCKDEP is 0") {
            const auto [load, done] = hand_over(0);
            THEN("the second kernel reads its input when the first one's last block is done") {
                CHECK(load == done[26]);
            }
        }
        WHEN("BLOCKDEP is 1") {
            const auto [load, done] = hand_over(1);
            THEN("it does when the last block but one is done") { CHECK(load == done[25]); }
        }
        WHEN("BLOCKDEP is 2 or 3") {
            THEN("there is no wait: the loader's own work on the first kernel takes longer") {
                CHECK(hand_over(2).first > hand_over(2).second[24]);
                CHECK(hand_over(2).first == hand_over(3).first);
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
            CHECK(result.operations[2].issue == result.operations[0].end);
            CHECK(result.operations[1].issue < result.operations[0].end);
        }
    }
}
