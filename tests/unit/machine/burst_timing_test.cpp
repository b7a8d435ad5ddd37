// A memory that is asked burst by burst: latency, one address a cycle, beats of writes, shared cap.
#include <catch2/catch.hpp>

#include "machine/memory/burst_timing.hpp"

using namespace u65sim::machine;
using u65sim::timing::PortRules;

namespace {

BurstTiming memory(std::int64_t cap_beats = 0) {
    PortRules rules;
    rules.read_latency = 100;
    rules.write_latency = 50;
    rules.cap_beats = cap_beats;
    rules.cap_period = 1000;
    BurstTiming timing;
    timing.reset(rules);
    return timing;
}

}  // namespace

SCENARIO("a memory takes one address a cycle of each port and direction") {
    BurstTiming timing = memory();
    CHECK(timing.serve(0, false, 4, 10).response == 110);
    CHECK(timing.serve(0, false, 4, 10).accepted == 11);
    CHECK(timing.serve(0, false, 4, 20).response == 120);
    // Another port, and the other direction, have a channel of their own.
    CHECK(timing.serve(1, false, 4, 20).accepted == 20);
    CHECK(timing.serve(0, true, 4, 20).accepted == 20);
}

SCENARIO("a write is answered a latency after its last beat, a beat a cycle") {
    BurstTiming timing = memory();
    CHECK(timing.serve(0, true, 8, 10).response == 10 + 8 + 50);
    CHECK(timing.serve(0, true, 8, 12).response == 10 + 16 + 50);
}

SCENARIO("all ports share the cap") {
    BurstTiming timing = memory(8);
    CHECK(timing.serve(0, false, 4, 10).accepted == 10);
    CHECK(timing.serve(1, true, 4, 10).accepted == 10);
    CHECK(timing.serve(0, false, 4, 12).accepted == 1000);
    CHECK(timing.serve(1, false, 4, 13).accepted == 1000);
    CHECK(timing.serve(1, false, 4, 14).accepted == 2000);
}
