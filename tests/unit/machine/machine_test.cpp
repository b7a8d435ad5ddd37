#include <catch2/catch.hpp>

#include <map>
#include <numeric>

#include <u65sim/error.hpp>

#include "machine/systemc/engine.hpp"
#include "unit/machine/timing_streams.hpp"

using namespace timing_test;

namespace {

Cycles sum(const CauseCycles& causes) {
    return std::accumulate(causes.begin(), causes.end(), Cycles{0});
}

}  // namespace

TEST_CASE("every cycle has one cause, in total and by operation") {
    const Simulation result = run(typical(), target());
    CHECK(sum(result.causes) == result.total);
    Cycles by_operation{0};
    for (const OperationRecord& each : result.operations) by_operation += sum(each.causes);
    Cycles first{0};
    for (const OperationRecord& each : result.operations) {
        if (!each.is_dma) {
            first = each.issue;
            break;
        }
    }
    CHECK(by_operation + first == result.total);
}

TEST_CASE("no unit is busier than the run and no port wider than its bus") {
    const Simulation result = run(typical(), target());
    for (const Cycles busy : result.unit_busy) CHECK(busy <= result.total);
    for (const PortTraffic& port : result.ports) {
        CHECK(port.read_beats() <= result.total.count());
        CHECK(port.write_beats() <= result.total.count());
    }
}

TEST_CASE("operations' traffic adds up to the ports', commands aside") {
    const Simulation result = run(typical(), target());
    std::array<PortTraffic, 2> total;
    for (const OperationRecord& each : result.operations) {
        for (std::size_t port = 0; port < 2; ++port) {
            for (std::size_t i = 0; i < channel_count; ++i) {
                total[port].beats[i] += each.ports[port].beats[i];
            }
        }
    }
    for (std::size_t port = 0; port < 2; ++port) {
        for (std::size_t i = 1; i < channel_count; ++i) {
            CHECK(total[port].beats[i] == result.ports[port].beats[i]);
        }
    }
    CHECK(result.ports[1].beats[0] == 10 * 10);  // ten commands of forty words
}

TEST_CASE("a timeline changes nothing else, and is kept only when asked for") {
    const Simulation without = run(typical(), target());
    Simulation with = run(typical(), target(), {.timeline = true});
    CHECK(without.timeline.empty());
    REQUIRE_FALSE(with.timeline.empty());
    with.timeline.clear();
    CHECK(with == without);
}

TEST_CASE("intervals of a unit follow each other, and add up to what the counters say") {
    for (const bool ideal : {false, true}) {
        Target where = target();
        where.ideal_memory = ideal;
        const Simulation result = run(typical(), where, {.timeline = true});
        std::map<std::pair<int, bool>, Cycles> last;
        std::map<std::string, Cycles> busy;
        std::array<std::array<Bytes, channel_count>, 2> bytes{};
        for (const Interval& each : result.timeline) {
            const std::string& unit = result.units.at(each.unit);
            CHECK(each.start < each.end);
            Cycles& before = last[{each.unit, is_write(each.channel)}];
            CHECK(each.start >= before);
            before = each.end;
            REQUIRE(each.operation < result.operations.size());
            const OperationRecord& operation = result.operations[each.operation];
            if (unit == "mac_array" || unit == "output_unit") {
                CHECK(each.block >= 0);
                CHECK(each.end <= operation.end);
            }
            busy[unit] += each.end - each.start;
            if (unit.starts_with("axi")) {
                bytes[unit == "axi0" ? 0 : 1][static_cast<std::size_t>(each.channel)] += each.bytes;
            }
        }
        for (std::size_t i = 0; i < result.units.size(); ++i) {
            if (result.units[i] == "mac_array" || result.units[i] == "output_unit") {
                CHECK(busy[result.units[i]] == result.unit_busy[i]);
                CHECK(busy[result.units[i]] > Cycles{0});
            }
        }
        CHECK(busy["ifm_loader"] > Cycles{0});
        CHECK(busy["weight_loader"] > Cycles{0});
        CHECK(busy["ofm_writer"] > Cycles{0});
        CHECK(busy["dma"] > Cycles{0});
        CHECK(bytes[0] == result.ports[0].bytes);
        CHECK(bytes[1] == result.ports[1].bytes);
    }
}

TEST_CASE("SystemC and the bare event queue agree cycle for cycle, in any order of runs") {
    const std::vector<std::vector<Command>> streams{
        typical(), commands({convolution(3, 3), addition(), stream::Stop{}}),
        commands({stream::Stop{}}), commands({to_sram(100000), stream::Stop{}})};
    for (const std::size_t index : {0U, 1U, 2U, 3U, 2U, 0U, 3U, 1U, 0U}) {
        for (const bool ideal : {false, true}) {
            Target where = target();
            where.ideal_memory = ideal;
            const auto words = 40 * static_cast<std::int64_t>(streams[index].size());
            Simulation reference =
                machine::run_on_systemc(streams[index], words, where, {.timeline = true});
            Simulation direct =
                machine::run_on_event_queue(streams[index], words, where, {.timeline = true});
            reference.events = direct.events = 0;
            CHECK(reference.total == direct.total);
            CHECK(reference.operations == direct.operations);
            CHECK(reference.causes == direct.causes);
            CHECK(reference.pmu == direct.pmu);
            CHECK(reference.timeline == direct.timeline);
        }
    }
}

TEST_CASE("better memory is never slower") {
    const Cycles base = run(typical(), target()).total;
    Target better = target();
    better.off_chip.bandwidth = BytesPerCycle{15, 2};
    CHECK(run(typical(), better).total <= base);
    better.off_chip.read_latency = Cycles{100};
    const Cycles faster = run(typical(), better).total;
    CHECK(faster < base);
    better.ideal_memory = true;
    CHECK(run(typical(), better).total < faster);
}

TEST_CASE("a kernel with BLOCKDEP 0 waits for the one before") {
    const auto end_of = [](int blockdep) {
        return run(commands({convolution(3, 0), convolution(3, blockdep), stream::Stop{}}),
                   target())
            .total;
    };
    CHECK(end_of(0) > end_of(3));
    const Simulation apart =
        run(commands({convolution(3, 0), convolution(3, 0), stream::Stop{}}), target());
    for (const RegionTraffic& map : apart.operations[1].maps) {
        CHECK(map.read_bytes + map.write_bytes > Bytes{0});
    }
}

TEST_CASE("DMA_WAIT holds the kernel back until the transfer is answered") {
    const Simulation result =
        run(commands({to_sram(30000), stream::DmaWait{0}, convolution(1, 0), stream::Stop{}}),
            target());
    CHECK(result.operations[1].issue >= result.operations[0].end);
    CHECK(result.causes[static_cast<std::size_t>(Cause::dma_wait)] > Cycles{0});
}

TEST_CASE("DRAM streams at latency's rate: 24 bursts of 64 B every 510 cycles") {
    const std::int64_t bytes = 1 << 20;
    const Simulation result = run(commands({to_sram(bytes), stream::Stop{}}), target());
    const double rate = static_cast<double>(bytes) / static_cast<double>(result.total.count());
    CHECK(rate == Approx(24 * 64 / 510.0).epsilon(0.01));
}

TEST_CASE("a run beyond its cycle limit says who waits on what, and the next run is sound") {
    const auto stream = typical();
    const Cycles expected = run(stream, target()).total;
    SimulateOptions options;
    options.cycle_limit = Cycles{1000};
    const auto words = 40 * static_cast<std::int64_t>(stream.size());
    CHECK_THROWS_AS(machine::run_on_systemc(stream, words, target(), options), SimulationStuck);
    CHECK_THROWS_AS(machine::run_on_event_queue(stream, words, target(), options), SimulationStuck);
    CHECK(machine::run_on_systemc(stream, words, target(), {}).total == expected);
}

TEST_CASE("a bad operation is an error of the caller, not of the kernel") {
    KernelOp bad = convolution(1, 0);
    bad.block.depth = 0;
    const auto stream = commands({bad, stream::Stop{}});
    CHECK_THROWS_AS(machine::run_on_systemc(stream, 80, target(), {}), InvalidStream);
    CHECK_NOTHROW(machine::run_on_systemc(typical(), 400, target(), {}));
}
