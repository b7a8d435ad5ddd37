// A run of bytes is cut at every multiple of the burst size, and never crosses one.
#include <catch2/catch.hpp>

#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

SCENARIO("bursts are cut at the boundary the memory names") {
    GIVEN("a DMA of 256 bytes from DRAM") {
        const auto traffic = [](std::uint64_t address, std::int64_t boundary) {
            Target where = target();
            where.off_chip.burst = Bytes{boundary};
            DmaOp op = to_sram(256);
            op.source.address = address;
            return run(commands({op, stream::Stop{}}), where).operations.at(0).ports[1];
        };
        constexpr auto channel = static_cast<std::size_t>(Channel::dma_read);
        WHEN("it starts at a boundary of 64 bytes") {
            THEN("it is four bursts of four beats") {
                CHECK(traffic(0, 64).bursts[channel] == 4);
                CHECK(traffic(0, 64).beats[channel] == 16);
            }
        }
        WHEN("it starts 16 bytes behind one") {
            THEN("one more burst is needed for the same beats") {
                CHECK(traffic(16, 64).bursts[channel] == 5);
                CHECK(traffic(16, 64).beats[channel] == 16);
            }
        }
        WHEN("the boundary is 256 bytes") {
            THEN("one burst is enough") { CHECK(traffic(0, 256).bursts[channel] == 1); }
        }
    }
}
