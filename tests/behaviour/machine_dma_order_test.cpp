// With one DMA at a time, a DMA does not overtake a kernel that has not begun.
#include <catch2/catch.hpp>

#include <vector>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

SCENARIO("a DMA behind two kernels waits for the first where operations leave in order") {
    GIVEN("two kernels that depend on each other, and a DMA behind them") {
        const std::vector<Command> stream =
            commands({convolution(3, 0), convolution(3, 0), to_sram(4000), stream::Stop{}});
        WHEN("a U55 runs them") {
            Target where = target();
            where.accelerator.product = Product::u55;
            const auto records = run(stream, where).operations;
            THEN("the DMA is issued when the first kernel ends, under the second") {
                CHECK(records[2].issue == records[0].end);
                CHECK(records[2].issue < records[1].end);
            }
        }
        WHEN("a U65 runs them, whose DMAs have a queue") {
            const auto records = run(stream, target()).operations;
            // A stream of as many words that does nothing ends when they are there.
            const std::vector<Command> words{{119, 120, stream::Stop{}}};
            const Simulation fetched = machine::run_on_event_queue(words, 160, target(), {});
            THEN("the DMA is issued with its words, and overtakes the second kernel") {
                CHECK(records[2].issue == fetched.total);
                CHECK(records[2].issue < records[0].end);
            }
        }
    }
}
