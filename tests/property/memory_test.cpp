// Where things lie: within their memory, and never two living ones in one place.
#include <algorithm>
#include <catch2/catch.hpp>

#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

#include "property/networks.hpp"

using namespace u65sim;

namespace {

bool overlap(const Placement& a, const Placement& b) {
    return a.region == b.region && a.first_use <= b.last_use && b.first_use <= a.last_use &&
           a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

Bytes limit_of(const property::Run& run, int region) {
    switch (region) {
        case region_constants:
            return Bytes{static_cast<std::int64_t>(run.network.constants.size())};
        case region_fast:
            return run.network.fast_size;
        default:
            return run.network.arena_size;
    }
}

}  // namespace

TEST_CASE("SRAM and DRAM hold what is put there") {
    for (const std::string& name : property::names()) {
        const auto& run = property::run(name);
        CAPTURE(name);
        const Report report = make_report(run.network, run.target, run.simulation);
        CHECK(report.sram.peak <= report.sram.capacity);
        CHECK(report.dram.peak <= report.dram.capacity);
        CHECK(report.dram.peak == report.dram_model_bytes + report.dram_activation_bytes);
        for (const Placement& placement : run.network.placements) {
            CAPTURE(placement.name, placement.region);
            CHECK(placement.offset >= Bytes{0});
            CHECK(placement.offset + placement.size <= limit_of(run, placement.region));
        }
    }
}

TEST_CASE("Tensors that live at the same time never overlap") {
    for (const std::string& name : property::source_names()) {
        const auto& placements = property::run(name).network.placements;
        CAPTURE(name);
        CHECK_FALSE(placements.empty());
        for (std::size_t i = 0; i < placements.size(); ++i) {
            for (std::size_t j = i + 1; j < placements.size(); ++j) {
                if (!overlap(placements[i], placements[j])) continue;
                CAPTURE(placements[i].name, placements[j].name);
                // Equal constants are kept once; anything else needs a place of its own.
                CHECK(placements[i].kind == Placement::Kind::constant);
                CHECK(placements[j].kind == Placement::Kind::constant);
                CHECK(placements[i].offset == placements[j].offset);
                CHECK(placements[i].size == placements[j].size);
            }
        }
    }
}

TEST_CASE("Feature maps and weight buffers stand at multiples of 16 bytes") {
    for (const std::string& name : property::source_names()) {
        for (const Placement& placement : property::run(name).network.placements) {
            CAPTURE(name, placement.name);
            CHECK(placement.offset.count() % 16 == 0);
        }
    }
}

TEST_CASE("A spilled map is priced, and the traffic is within that of the port") {
    for (const std::string& name : property::source_names()) {
        const auto& run = property::run(name);
        const Report report = make_report(run.network, run.target, run.simulation);
        for (const SpillEvent& spill : report.spills) {
            CAPTURE(name, spill.tensor);
            CHECK(spill.bytes > Bytes{0});
            CHECK_FALSE(spill.reason.empty());
            CHECK(spill.dram_write_bytes > Bytes{0});
            CHECK(spill.dram_read_bytes > Bytes{0});
            CHECK(spill.dram_write_bytes <= report.dram.write);
            CHECK(spill.dram_read_bytes <= report.dram.read);
            CHECK(spill.start_cycle < report.total.cycles);
        }
    }
}

TEST_CASE("2 MiB of SRAM never spills more than 384 KiB") {
    for (const std::string& name : property::source_names()) {
        const auto& run = property::run(name);
        Target large = run.target;
        large.set("sram.size=2MiB");
        const CompiledNetwork network = compile(run.graph, large);
        const auto bytes = [](const CompiledNetwork& compiled) {
            Bytes total{0};
            for (const SpilledMap& map : compiled.spills) total += map.size;
            return total;
        };
        CAPTURE(name);
        CHECK(bytes(network) <= bytes(run.network));
        CHECK(network.spills.size() <= run.network.spills.size());
    }
}

TEST_CASE("A small SRAM makes a network spill that does not otherwise") {
    Target small = Target::preset("u65-256");
    small.set("sram.size=32KiB");
    const Report report = Oracle{small}.estimate(zoo("mobilenet_v1_cifar100"));
    CHECK_FALSE(report.spills.empty());
    CHECK(report.sram.peak <= Bytes{32 * 1024});
}

TEST_CASE("A report never shows two living buffers in one place") {
    for (const std::string& name : property::source_names()) {
        const auto& run = property::run(name);
        CAPTURE(name);
        const Report report = make_report(run.network, run.target, run.simulation);
        CHECK_FALSE(report.live_ranges.empty());
        for (std::size_t i = 0; i < report.live_ranges.size(); ++i) {
            const LiveRange& a = report.live_ranges[i];
            CHECK(a.start_cycle <= a.end_cycle);
            CHECK(a.end_cycle <= report.total.cycles);
            for (std::size_t j = i + 1; j < report.live_ranges.size(); ++j) {
                const LiveRange& b = report.live_ranges[j];
                const bool same_place = a.memory == b.memory && a.offset < b.offset + b.size &&
                                        b.offset < a.offset + a.size;
                const bool same_time = a.start_cycle < b.end_cycle && b.start_cycle < a.end_cycle;
                if (same_place && same_time) FAIL_CHECK(a.name << " and " << b.name);
            }
        }
    }
}
