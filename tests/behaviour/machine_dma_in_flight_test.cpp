// Two DMAs may be outstanding on a U65, one on a U55.
#include <catch2/catch.hpp>

#include <vector>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

SCENARIO("the number of DMAs in flight is the accelerator's") {
    GIVEN("three DMAs in a row") {
        const std::vector<Command> stream =
            commands({to_sram(20000), to_sram(20000), to_sram(20000), stream::Stop{}});
        WHEN("a U65 runs them") {
            const auto records = run(stream, target()).operations;
            THEN("the second is issued under the first, the third when the first is done") {
                CHECK(records[1].issue < records[0].end);  // when its words are there
                CHECK(records[2].issue == records[0].end);
            }
        }
        WHEN("a U55 runs them") {
            Target where = target();
            where.accelerator.product = Product::u55;
            const auto records = run(stream, where).operations;
            THEN("each is issued when the one before is done") {
                CHECK(records[1].issue == records[0].end);
                CHECK(records[2].issue == records[1].end);
            }
        }
    }
}
