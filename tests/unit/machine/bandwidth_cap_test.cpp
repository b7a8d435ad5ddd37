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

SCENARIO("what a cap was asked for passes again wherever it grants as much") {
    GIVEN("1000 beats in 2000 cycles, of which bursts of 300, 300 and 200 beats were free") {
        timing::PortRules rules;
        rules.cap_beats = 1000;
        rules.cap_period = 2000;
        BandwidthCap cap;
        cap.reset(rules);
        cap.watch(0);
        for (const Time time : {0, 400, 1500}) cap.reserve(time, time == 1500 ? 200 : 300);
        REQUIRE(cap.was_free());
        const Demand demand = cap.demand();
        BandwidthCap other;
        other.reset(rules);
        THEN("they pass from the beginning of a period on, and half of them behind it") {
            CHECK(other.passes(demand, 0));
            CHECK(other.passes(demand, 1600));
        }
        THEN("they do not where too much has been granted") {
            other.reserve(0, 300);
            CHECK_FALSE(other.passes(demand, 0));
            CHECK(other.passes(demand, 2000));
        }
        THEN("they count, as more than they were at most, until their last period has passed") {
            REQUIRE(other.passes(demand, 100));
            other.count(1900);
            CHECK_FALSE(other.is_certain(1900));
            CHECK(other.is_certain(2000));
            CHECK(other.reserve(1900, 200) == 1900);
            CHECK_FALSE(other.is_doubtful());
            CHECK(other.reserve(1901, 1) == 2000);
            CHECK(other.is_doubtful());
        }
        THEN("a burst that a cap holds up is no longer free") {
            cap.reserve(1600, 200);
            CHECK(cap.was_free());
            cap.reserve(1601, 1);
            CHECK_FALSE(cap.was_free());
            CHECK_FALSE(cap.is_doubtful());
        }
    }
}
