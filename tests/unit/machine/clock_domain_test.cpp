// Cycles as times of the kernel, and back, whatever the clock.
#include <catch2/catch.hpp>

#include <cstdint>

#include "machine/systemc/clock_domain.hpp"

using namespace u65sim;
using machine::ClockDomain;
using machine::Time;

TEST_CASE("every cycle begins where it is found again, and clocks do not drift") {
    for (const std::int64_t hertz :
         {1'000'000'000LL, 500'000'000LL, 700'000'000LL, 333'333'333LL, 999'999'937LL, 32'768LL}) {
        ClockDomain clock{Hertz{hertz}};
        clock.set_epoch(sc_core::sc_time(5, sc_core::SC_NS));
        CAPTURE(hertz);
        for (Time cycle : {Time{0}, Time{1}, Time{2}, Time{999}, Time{123'456'789}}) {
            const sc_core::sc_time time = clock.time_of(cycle);
            const sc_core::sc_time tick = sc_core::sc_time::from_value(1);
            CHECK(clock.cycle_at(time) == cycle);
            CHECK(clock.cycle_at(time + tick) == cycle + 1);
            if (cycle > 0) CHECK(clock.cycle_at(time - tick) == cycle);
        }
        // So many cycles are a second.
        CHECK(clock.time_of(hertz) - clock.time_of(0) == sc_core::sc_time(1, sc_core::SC_SEC));
    }
}
