// A machine beside traffic on its memories: the cap is shared, byte for byte.
#include <catch2/catch.hpp>

#include <cstdint>
#include <utility>
#include <vector>

#include "machine/systemc/engine.hpp"
#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

/// A DMA of a mebibyte out of DRAM whose cap of 3 B a cycle at 1 GHz is all that binds.
Simulation copy(std::vector<MemoryTraffic> traffic) {
    Target where = target();
    where.accelerator.clock = Hertz{1'000'000'000};
    where.off_chip.read_latency = where.off_chip.write_latency = Cycles{16};
    where.off_chip.bandwidth = BytesPerCycle{3, 1};
    where.off_chip.bandwidth_period = Cycles{0};
    where.traffic = std::move(traffic);
    const auto stream = commands({to_sram(1 << 20), stream::Stop{}});
    return machine::run_on_shared_memories(stream, 80, where, {});
}

double cycles(std::vector<MemoryTraffic> traffic) {
    return static_cast<double>(copy(std::move(traffic)).total.count());
}

constexpr double bytes = 1 << 20;

}  // namespace

SCENARIO("a DMA gets what others leave of a memory's bandwidth") {
    CHECK(cycles({}) == Approx(bytes / 3).epsilon(0.01));
    CHECK(cycles({{true, 1'000'000'000}}) == Approx(bytes / (3 - 1)).epsilon(0.01));
    CHECK(cycles({{true, 500'000'000}, {true, 1'000'000'000, Bytes{32}, 0.5}}) ==
          Approx(bytes / (3 - 1.5)).epsilon(0.01));
    CHECK(cycles({{false, 1'000'000'000}}) == Approx(bytes / 3).epsilon(0.01));
}

SCENARIO("others get the rate that they ask for where there is as much") {
    const Simulation run = copy({{true, 1'000'000'000}, {false, 250'000'000, Bytes{16}, 0.0}});
    REQUIRE(run.traffic.size() == 2);
    const auto total = static_cast<double>(run.total.count());
    CHECK(static_cast<double>(run.traffic[0].count()) == Approx(total).epsilon(0.01));
    CHECK(static_cast<double>(run.traffic[1].count()) == Approx(total / 4).epsilon(0.01));
}

SCENARIO("a run on shared memories leaves nothing behind for the next") {
    const Simulation alone = copy({});
    const Simulation crowded = copy({{true, 2'000'000'000}});
    CHECK(copy({}) == alone);
    CHECK(copy({{true, 2'000'000'000}}) == crowded);
    CHECK(alone.traffic.empty());
}
