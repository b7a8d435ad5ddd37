// A burst holds one of the port's slots from its address to its last data: slots over latency is
// a rate, and below the bandwidth it is the one that counts.
#include <catch2/catch.hpp>

#include <cstdint>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

SCENARIO("outstanding reads times burst size over latency bounds a stream") {
    GIVEN("a DMA of 1 MiB from DRAM without a bandwidth cap, latency 500") {
        Target where = target();
        where.off_chip.bandwidth = BytesPerCycle{0, 1};
        where.off_chip.bandwidth_period = Cycles{0};
        // Cycles that `more` bytes take at its end.
        const auto cycles = [&](std::int32_t slots, std::uint64_t more) {
            where.off_chip.max_outstanding_reads = slots;
            const auto total = [&](std::uint64_t bytes) {
                return run(commands({to_sram(bytes), stream::Stop{}}), where).total.count();
            };
            return total((1 << 20) + more) - total(1 << 20);
        };
        const std::int64_t held = 500 + 4 + where.timing.burst_overhead.count();
        constexpr std::uint64_t bursts = 48, chunks = 8;
        WHEN("24 reads may be outstanding") {
            THEN("24 bursts of 64 B pass in the time one burst holds its slot") {
                CHECK(cycles(24, bursts * 64) == 2 * held);
            }
        }
        WHEN("the limit is halved") {
            THEN("twelve do") { CHECK(cycles(12, bursts * 64) == 4 * held); }
        }
        WHEN("there is no limit") {
            THEN("the DMA's eight chunks of 64 beats pass in the time of one's read and write") {
                const std::int64_t read = 1 + 500 + 64, write = 1 + 64 + 32;
                CHECK(cycles(0, chunks * 1024) == read + write);
            }
        }
    }
}
