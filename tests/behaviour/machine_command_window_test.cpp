// Commands are fetched in pieces, as many as lie in a window in front of the consumer.
#include <catch2/catch.hpp>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

/// Cycles for fetching `pieces` pieces of 32 bytes.
std::int64_t fetch(int pieces, std::int64_t window) {
    Target where = target();
    where.timing.command_window = Bytes{window};
    const auto words = static_cast<std::uint32_t>(8 * pieces);
    const std::vector<Command> stream{{words - 1, words, stream::Stop{}}};
    return machine::run_on_event_queue(stream, words, where, {}).total.count();
}

}  // namespace

SCENARIO("the window says how many pieces share one latency") {
    GIVEN("pieces of 32 bytes, two beats each, behind 500 cycles of latency") {
        constexpr std::int64_t round_trip = 1 + 500 + 2;
        WHEN("the window holds one piece") {
            THEN("each piece pays the latency") {
                CHECK(fetch(11, 32) - fetch(10, 32) == round_trip);
            }
        }
        WHEN("it holds three") {
            THEN("three pieces pay it once") { CHECK(fetch(33, 96) - fetch(30, 96) == round_trip); }
        }
        WHEN("it holds three and a half") {
            THEN("only whole pieces count") { CHECK(fetch(30, 112) == fetch(30, 96)); }
        }
    }
}
