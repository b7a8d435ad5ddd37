// What limits a port: of a run's traffic, by arithmetic that can be followed here.
#include <catch2/catch.hpp>

#include <u65sim/report.hpp>

#include "report/ceilings.hpp"
#include "unit/report/sample.hpp"

using namespace u65sim;
using Kind = PortCeiling::Kind;

namespace {

/// 24 reads of 500 cycles at a time, 3.75 B/cycle, ports of 16 B.
Target target() {
    Target target = sample::target();
    target.off_chip.read_latency = 500_cycles;
    target.off_chip.write_latency = 250_cycles;
    target.off_chip.max_outstanding_reads = 24;
    target.off_chip.max_outstanding_writes = 12;
    target.timing.burst_overhead = 8_cycles;
    return target;
}

/// Bursts of `beats` full beats on one channel.
void add(PortTraffic& traffic, Channel channel, std::int64_t bursts, std::int64_t beats) {
    const std::size_t at = sample::index(channel);
    traffic.bursts[at] += bursts;
    traffic.beats[at] += bursts * beats;
    traffic.bytes[at] += Bytes{bursts * beats * 16};
}

const PortCeiling& of(const std::vector<PortCeiling>& ceilings, Kind kind) {
    for (const PortCeiling& each : ceilings) {
        if (each.kind == kind && !each.channel) return each;
    }
    FAIL("no such ceiling");
    throw;
}

}  // namespace

TEST_CASE("Bursts of 64 B at 24 in flight bind below the memory's bandwidth") {
    PortTraffic traffic;
    add(traffic, Channel::weights, 1000, 4);
    const auto ceilings = report::port_ceilings(target(), 1, traffic);
    REQUIRE(ceilings.size() == 4);
    CHECK(ceilings[0].kind == Kind::reads_in_flight);
    CHECK(ceilings[0].bytes_per_cycle == Approx(24.0 * 64 / 512));
    CHECK(ceilings[0].burst_bytes == Approx(64));
    CHECK(ceilings[0].held_cycles == Approx(512));
    CHECK(report::describe(ceilings[0], target(), 1) ==
          "dram.max_outstanding_reads = 24, each 64 B in 512 cycles");
    CHECK(report::field_of(ceilings[0], 1) == "dram.max_outstanding_reads");
    CHECK(ceilings[1].kind == Kind::bandwidth);
    CHECK(ceilings[1].bytes_per_cycle == Approx(3.75));
    CHECK(report::describe(ceilings[1], target(), 1) == "dram.bandwidth = 3.75 B/cycle");
    CHECK(ceilings[2].kind == Kind::width);
    CHECK(ceilings[2].bytes_per_cycle == Approx(16));
    CHECK(report::field_of(ceilings[2], 1).empty());
    CHECK(ceilings[3].channel == Channel::weights);
}

TEST_CASE("The field that a ceiling names moves it, and another one does not") {
    PortTraffic traffic;
    add(traffic, Channel::weights, 1000, 4);
    Target wide = target(), deep = target();
    wide.set("dram.bandwidth=16");
    deep.set("dram.max_outstanding_reads=48");
    const auto lowest = [&](const Target& each) {
        return report::port_ceilings(each, 1, traffic).front();
    };
    CHECK(lowest(wide) == lowest(target()));
    CHECK(lowest(deep).kind == Kind::bandwidth);
}

TEST_CASE("A channel of short bursts stays below what the mix may reach") {
    PortTraffic traffic;
    add(traffic, Channel::weights, 1000, 4);
    add(traffic, Channel::ifm, 1000, 8);
    add(traffic, Channel::command, 1, 1);
    Report::MemoryUse use;
    use.ceilings = report::port_ceilings(target(), 1, traffic);
    CHECK(use.ceilings.front().kind == Kind::bandwidth);
    CHECK(of(use.ceilings, Kind::reads_in_flight).bytes_per_cycle > 4);
    const PortCeiling* slowest = report::slowest_channel(use);
    REQUIRE(slowest != nullptr);
    CHECK(slowest->channel == Channel::weights);
    CHECK(slowest->bytes_per_cycle == Approx(3.0));
    for (const PortCeiling& each : use.ceilings) CHECK(each.channel != Channel::command);
}

TEST_CASE("Reads and writes share the bandwidth and each have the port's width") {
    PortTraffic traffic;
    add(traffic, Channel::ifm, 100, 8);
    add(traffic, Channel::ofm, 100, 8);
    const auto ceilings = report::port_ceilings(target(), 1, traffic);
    CHECK(of(ceilings, Kind::bandwidth).bytes_per_cycle == Approx(3.75));
    CHECK(of(ceilings, Kind::width).bytes_per_cycle == Approx(32));
    CHECK(of(ceilings, Kind::writes_in_flight).bytes_per_cycle == Approx(2 * 12.0 * 128 / 266));
}

TEST_CASE("An idle port has no ceiling, an ideal memory the port's width alone") {
    CHECK(report::port_ceilings(target(), 1, {}).empty());
    PortTraffic traffic;
    add(traffic, Channel::ifm, 100, 8);
    Target ideal = target();
    ideal.ideal_memory = true;
    const auto ceilings = report::port_ceilings(ideal, 0, traffic);
    REQUIRE(ceilings.size() == 1);
    CHECK(ceilings[0].kind == Kind::width);
}

TEST_CASE("What other masters leave, and a memory's own clock, move its ceilings") {
    PortTraffic traffic;
    add(traffic, Channel::weights, 1000, 4);
    Target shared = target();
    shared.set("dram.available=0.5");
    const auto half = of(report::port_ceilings(shared, 1, traffic), Kind::bandwidth);
    CHECK(half.bytes_per_cycle == Approx(3.75 / 2));
    CHECK(report::describe(half, shared, 1) ==
          "dram.bandwidth = 3.75 B/cycle, dram.available = 0.5");
    Target slow = target();
    slow.off_chip.clock = Hertz{slow.accelerator.clock.count() / 2};
    const auto ceilings = report::port_ceilings(slow, 1, traffic);
    CHECK(of(ceilings, Kind::bandwidth).bytes_per_cycle == Approx(3.75 / 2));
    CHECK(of(ceilings, Kind::reads_in_flight).held_cycles == Approx(2 * 500 + 8 + 4));
}

TEST_CASE("No ceiling is above what the port can carry") {
    PortTraffic traffic;
    add(traffic, Channel::weights, 1000, 4);
    add(traffic, Channel::ofm, 1, 1);  // hardly a write: many times as many could be in flight
    const auto ceilings = report::port_ceilings(target(), 1, traffic);
    for (const PortCeiling& each : ceilings) {
        CHECK(each.kind != Kind::writes_in_flight);
        CHECK(each.bytes_per_cycle <= of(ceilings, Kind::width).bytes_per_cycle);
    }
}
