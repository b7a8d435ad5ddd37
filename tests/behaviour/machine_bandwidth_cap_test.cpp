// The cap grants beats anew each pulse period, reads and writes together; a period's last burst
// passes whole.
#include <catch2/catch.hpp>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

/// Bytes a cycle of a long DMA out of a memory with short latency, so that only the cap binds.
double rate(BytesPerCycle bandwidth, std::int64_t period) {
    Target where = target();
    where.off_chip.read_latency = Cycles{4};
    where.off_chip.bandwidth = bandwidth;
    where.off_chip.bandwidth_period = Cycles{period};
    constexpr std::int64_t bytes = 1 << 21;
    const Cycles total = run(commands({to_sram(bytes), stream::Stop{}}), where).total;
    return static_cast<double>(bytes) / static_cast<double>(total.count());
}

}  // namespace

SCENARIO("a bandwidth cap works by pulse periods on whole bursts") {
    GIVEN("3.75 B a cycle in periods of 5000 cycles: 1172 beats, 293 bursts of four") {
        THEN("a long transfer gets the cap") {
            CHECK(rate({15, 4}, 5000) == Approx(3.75).epsilon(0.01));
        }
    }
    GIVEN("50 beats in a period, which is not a multiple of a burst of four") {
        THEN("the thirteenth burst passes whole: 52 beats") {
            CHECK(rate({50 * 16, 400}, 400) == Approx(52.0 * 16 / 400).epsilon(0.01));
        }
    }
    GIVEN("a cap without a period") {
        THEN("it is a steady rate and nothing passes whole") {
            CHECK(rate({2, 1}, 0) == Approx(2).epsilon(0.01));
        }
    }
}

SCENARIO("reads and writes of a port share its cap") {
    GIVEN("a copy inside DRAM, which reads and writes the same port") {
        Target where = target();
        where.off_chip.read_latency = where.off_chip.write_latency = Cycles{4};
        DmaOp copy = to_sram(1 << 18);
        const Cycles apart = run(commands({copy, stream::Stop{}}), where).total;
        copy.destination.region = 1;
        const Cycles shared = run(commands({copy, stream::Stop{}}), where).total;
        THEN("it takes twice as long as one into SRAM") {
            const double ratio =
                static_cast<double>(shared.count()) / static_cast<double>(apart.count());
            CHECK(ratio == Approx(2).epsilon(0.03));
        }
    }
}
