// The least time of a port, on figures small enough to count by hand.
#include <catch2/catch.hpp>

#include "bound/port_time.hpp"

using namespace u65sim;
using bound::both_ports_cycles;
using bound::port_cycles;
using timing::PortRules;

namespace {

/// 16 bytes a beat, bursts of 64 bytes, nothing else that binds.
PortRules plain() {
    PortRules rules;
    rules.bus = rules.map_bus = rules.weight_bus = {16, 64};
    return rules;
}

}  // namespace

TEST_CASE("Reads and writes pass side by side, a beat a cycle each") {
    CHECK(port_cycles({320, 160, 160}, plain(), 1) == 30);
    CHECK(port_cycles({0, 0, 640}, plain(), 1) == 40);
}

TEST_CASE("Bursts in flight bind where latency is long") {
    PortRules rules = plain();
    rules.read_latency = 100;
    rules.read_slots = 2;
    // Forty bursts hold two slots for 104 cycles each; the last one may end a latency earlier.
    CHECK(port_cycles({40 * 64, 0, 0}, rules, 1) == 40 * 104 / 2 - 100);
}

TEST_CASE("A cap of beats holds for both directions but for one period of each run") {
    PortRules rules = plain();
    rules.cap_beats = 96;
    rules.cap_period = 1000;
    // A hundred beats a period pass, with the last burst whole.
    CHECK(port_cycles({8000, 0, 8000}, rules, 1) == 9000);
    CHECK(port_cycles({8000, 0, 8000}, rules, 3) == 7000);
}

TEST_CASE("Bytes that may take either port share them") {
    PortRules one = plain();
    one.cap_beats = 1;
    one.cap_period = 1;
    one.steady_cap = true;
    PortRules other = one;
    other.cap_period = 4;
    // Five beats in four cycles, two at once granted in advance.
    CHECK(both_ports_cycles(16 * 502, one, other, 1) == 400);
}
