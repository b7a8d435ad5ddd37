// The bandwidth cap alone: when bursts may be issued.
#include <catch2/catch.hpp>

#include "machine/memory/bandwidth_cap.hpp"

using namespace u65sim;
using namespace u65sim::machine;

SCENARIO("a cap grants beats anew each period, and a period's last burst passes whole") {
    GIVEN("10 beats in 100 cycles, and bursts of four") {
        timing::PortRules rules;
        rules.cap_beats = 10;
        rules.cap_period = 100;
        BandwidthCap cap;
        cap.reset(rules);
        THEN("three pass when they come, the fourth in the next period") {
            CHECK(cap.reserve(0, 4) == 0);
            CHECK(cap.reserve(5, 4) == 5);
            CHECK(cap.reserve(99, 4) == 99);
            CHECK(cap.reserve(99, 4) == 100);
        }
        THEN("when the grant is used up to its last beat, the next burst waits") {
            CHECK(cap.reserve(0, 5) == 0);
            CHECK(cap.reserve(0, 5) == 0);
            CHECK(cap.reserve(0, 5) == 100);
        }
        THEN("what a period has not used is lost") {
            CHECK(cap.reserve(250, 4) == 250);
            CHECK(cap.reserve(251, 4) == 251);
            CHECK(cap.reserve(252, 4) == 252);
            CHECK(cap.reserve(253, 4) == 300);
        }
    }
}

SCENARIO("a steady cap spreads beats evenly") {
    GIVEN("three beats in eight cycles, and bursts of four") {
        timing::PortRules rules;
        rules.cap_beats = 3;
        rules.cap_period = 8;
        rules.steady_cap = true;
        BandwidthCap cap;
        cap.reset(rules);
        THEN("a burst is due every 32/3 cycles, rounded up") {
            CHECK(cap.reserve(0, 4) == 0);
            CHECK(cap.reserve(0, 4) == 11);  // 10 2/3
            CHECK(cap.reserve(0, 4) == 22);  // 21 1/3
            CHECK(cap.reserve(0, 4) == 32);
        }
        THEN("it begins anew behind a pause") {
            CHECK(cap.reserve(0, 4) == 0);
            CHECK(cap.reserve(50, 4) == 50);
            CHECK(cap.reserve(50, 4) == 61);
        }
    }
}
