// The cap grants beats anew each pulse period, reads and writes together; a period's last burst
// passes whole.
#include <catch2/catch.hpp>

#include <cstdint>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

/// Cycles that `more` bytes take at the end of a long DMA out of a memory with short latency, so
/// that only the cap binds.
std::int64_t cycles(BytesPerCycle bandwidth, std::int64_t period, std::int64_t more) {
    Target where = target();
    where.off_chip.read_latency = Cycles{4};
    where.off_chip.bandwidth = bandwidth;
    where.off_chip.bandwidth_period = Cycles{period};
    const auto total = [&](std::int64_t bytes) {
        return run(commands({to_sram(static_cast<std::uint64_t>(bytes)), stream::Stop{}}), where)
            .total.count();
    };
    constexpr std::int64_t bytes = 1 << 20;
    return total(bytes + more) - total(bytes);
}

}  // namespace

SCENARIO("a bandwidth cap works by pulse periods on whole bursts") {
    GIVEN("3.75 B a cycle in periods of 5000 cycles: 1172 beats, 293 bursts of four") {
        THEN("what sixteen periods grant, whole chunks of the DMA, takes sixteen periods") {
            CHECK(cycles({15, 4}, 5000, 16 * 1172 * 16) == 16 * 5000);
        }
    }
    GIVEN("50 beats in a period, which is not a multiple of a burst of four") {
        THEN("the thirteenth burst passes whole: 52 beats") {
            CHECK(cycles({50 * 16, 400}, 400, 16 * 52 * 16) == 16 * 400);
        }
    }
    GIVEN("a cap without a period") {
        THEN("it is a steady rate and nothing passes whole") {
            CHECK(cycles({2, 1}, 0, 65536) == 65536 / 2);
        }
    }
}

SCENARIO("reads and writes of a port share its cap") {
    GIVEN("a copy inside DRAM, which reads and writes the same port") {
        Target where = target();
        where.off_chip.read_latency = where.off_chip.write_latency = Cycles{4};
        const auto cycles_to = [&](int region) {
            // Sixteen periods' grant of 1172 beats.
            constexpr std::uint64_t bytes = 1 << 18, more = 16 * 1172 * 16;
            const auto total = [&](std::uint64_t size) {
                DmaOp copy = to_sram(size);
                copy.destination.region = region;
                return run(commands({copy, stream::Stop{}}), where).total.count();
            };
            return total(bytes + more) - total(bytes);
        };
        THEN("it takes twice as long as one into SRAM") {
            CHECK(cycles_to(2) == 16 * 5000);
            CHECK(cycles_to(1) == 2 * 16 * 5000);
        }
    }
}
