// A burst holds one of the port's slots from its address to its last data: slots over latency is
// a rate, and below the bandwidth it is the one that counts.
#include <catch2/catch.hpp>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

SCENARIO("outstanding reads times burst size over latency bounds a stream") {
    GIVEN("a DMA of 1 MiB from DRAM without a bandwidth cap, latency 500") {
        constexpr std::int64_t bytes = 1 << 20;
        Target where = target();
        where.off_chip.bandwidth = BytesPerCycle{0, 1};
        where.off_chip.bandwidth_period = Cycles{0};
        const auto rate = [&](std::int32_t slots) {
            where.off_chip.max_outstanding_reads = slots;
            const Cycles total = run(commands({to_sram(bytes), stream::Stop{}}), where).total;
            return static_cast<double>(bytes) / static_cast<double>(total.count());
        };
        const auto held = static_cast<double>(500 + 4 + where.timing.burst_overhead.count());
        WHEN("24 reads may be outstanding") {
            THEN("24 x 64 B pass in the time one burst holds its slot") {
                CHECK(rate(24) == Approx(24 * 64 / held).epsilon(0.01));
            }
        }
        WHEN("the limit is halved") {
            THEN("so is the rate") { CHECK(rate(12) == Approx(rate(24) / 2).epsilon(0.01)); }
        }
        WHEN("there is no limit") {
            THEN("latency no longer bounds the rate") { CHECK(rate(0) > 2 * rate(24)); }
        }
    }
}
