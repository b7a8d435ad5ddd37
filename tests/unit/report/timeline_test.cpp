// Timelines: what each unit did when, as data for viewers and as a trace.
#include <catch2/catch.hpp>

#include <numeric>

#include <nlohmann/json.hpp>
#include <u65sim/error.hpp>

#include "report/timeline_json.hpp"
#include "unit/report/sample.hpp"

using namespace u65sim;
using Json = nlohmann::json;

namespace {

/// The sample with a timeline: two units and a port.
Simulation simulation() {
    Simulation result = sample::simulation();
    result.operations[0].issue = 10_cycles;
    result.units = {"mac_array", "dma", "axi1"};
    result.unit_busy = {430_cycles, 45_cycles, 300_cycles};
    result.timeline = {
        {.unit = 0, .operation = 0, .block = 0, .start = 20_cycles, .end = 120_cycles},
        {.unit = 0, .operation = 0, .block = 1, .start = 125_cycles, .end = 325_cycles},
        {.unit = 0, .operation = 2, .block = 0, .start = 500_cycles, .end = 540_cycles},
        {.unit = 1, .operation = 1, .start = 5_cycles, .end = 50_cycles},
        {.unit = 2,
         .channel = Channel::weights,
         .operation = 2,
         .start = 33_cycles,
         .end = 133_cycles,
         .bytes = 1601_B},
        {.unit = 2,
         .channel = Channel::ofm,
         .operation = 0,
         .start = 900_cycles,
         .end = 1010_cycles,
         .bytes = 777_B},
    };
    return result;
}

Report timed() { return make_report(sample::network(), sample::target(), simulation()); }

std::int64_t sum(const std::vector<std::int64_t>& values) {
    return std::accumulate(values.begin(), values.end(), std::int64_t{0});
}

}  // namespace

TEST_CASE("A report has a timeline only when the simulation kept one") {
    CHECK(sample::report().timeline.spans.empty());
    CHECK_FALSE(Json::parse(sample::report().to_json()).contains("timeline"));
    CHECK_THROWS_AS(sample::report().to_trace(), InvalidConfig);
    CHECK_FALSE(timed().timeline.spans.empty());
}

TEST_CASE("Operators' spans add up to their cycles, and ports have a track a direction") {
    const Report with = timed();
    std::vector<std::string> names;
    for (const auto& track : with.timeline.tracks) {
        names.push_back(track.name);
        CHECK_FALSE(track.meaning.empty());
    }
    CHECK(names ==
          std::vector<std::string>{"operators", "mac_array", "dma", "axi1 read", "axi1 write"});
    std::vector<Cycles> cycles(with.operators.size());
    for (const auto& span : with.timeline.spans) {
        REQUIRE(span.row >= 0);
        if (span.track == 0) cycles[static_cast<std::size_t>(span.row)] += span.end - span.start;
    }
    for (std::size_t i = 0; i < cycles.size(); ++i) CHECK(cycles[i] == with.operators[i].cycles);
    CHECK(with.timeline.spans.front().start == 10_cycles);
}

TEST_CASE("Bandwidth over time adds up to the bytes that passed, wherever the steps fall") {
    for (const std::int64_t steps : {1, 3, 7, 100, 5000}) {
        const report::Bandwidth rates = report::bandwidth(timed(), steps);
        CHECK(rates.bytes[0][sample::index(Channel::weights)].empty());
        CHECK(sum(rates.bytes[1][sample::index(Channel::weights)]) == 1601);
        CHECK(sum(rates.bytes[1][sample::index(Channel::ofm)]) == 777);
        CHECK(static_cast<std::int64_t>(rates.bytes[1][sample::index(Channel::ofm)].size()) <=
              steps);
    }
    const report::Bandwidth fine = report::bandwidth(timed(), 1000);
    CHECK(fine.step == 1_cycles);
    CHECK(fine.bytes[1][sample::index(Channel::weights)][32] == 0);
    CHECK(fine.bytes[1][sample::index(Channel::weights)][33] == 16);
    CHECK(fine.bytes[1][sample::index(Channel::weights)][133] == 0);
}

TEST_CASE("A timeline that is too fine closes its gaps and keeps what was busy") {
    const Report with = timed();
    const auto busy = [](const report::CoarseTimeline& coarse) {
        Cycles total{0};
        for (const auto& each : coarse.spans) total += each.busy;
        return total;
    };
    const auto fine = report::coarsen(with.timeline, 100);
    CHECK(fine.resolution == 0_cycles);
    CHECK(fine.spans.size() == with.timeline.spans.size());
    const auto coarse = report::coarsen(with.timeline, fine.spans.size() - 1);
    CHECK(coarse.resolution == 8_cycles);  // the gap between the first two blocks is five
    REQUIRE(coarse.spans.size() < fine.spans.size());
    CHECK(busy(coarse) == busy(fine));
    for (const auto& each : coarse.spans) {
        if (each.span.track == 1 && each.span.row == 0) {
            CHECK(each.span.start == 20_cycles);
            CHECK(each.span.end == 325_cycles);
            CHECK(each.busy == 300_cycles);
            CHECK(each.span.block == 0);
            CHECK(each.last_block == 1);
        }
    }
    // What belongs to different operators stays apart however few spans are allowed.
    CHECK(report::coarsen(with.timeline, 1).spans.size() >= 5);
}

TEST_CASE("The JSON's timeline holds every span under its track") {
    const Report with = timed();
    const Json json = Json::parse(with.to_json());
    const Json& timeline = json.at("timeline");
    CHECK(timeline.at("resolution_cycles") == 0);
    std::size_t spans = 0;
    for (const Json& track : timeline.at("tracks")) {
        for (const Json& span : track.at("spans")) {
            REQUIRE(span.size() == timeline.at("columns").size());
            ++spans;
        }
    }
    CHECK(spans == with.timeline.spans.size());
    CHECK(timeline.at("tracks")[1].at("spans")[0] == Json({20, 100, 0, 100, 0, 0, 0, 0}));
    CHECK(timeline.at("bandwidth").at("series").size() == 2);
}

TEST_CASE("Buffers live from the first to the last operation that names their position") {
    CompiledNetwork network = sample::network();
    network.segments[0].labels[0].time = 0;
    network.segments[0].labels[2].time = 2;
    network.segments[0].labels[3].time = 3;
    network.placements = {
        {"between", Placement::Kind::feature_map, region_arena, 64_KiB, 400_KiB, 0, 3},
        {"weights", Placement::Kind::weight_buffer, region_fast, 0_B, 800_B, 1, 2},
        {"late", Placement::Kind::scratch, region_fast, 0_B, 800_B, 3, 4},
        {"kernel", Placement::Kind::constant, region_constants, 0_B, 800_B, 0, 4}};
    const Report with = make_report(network, sample::target(), simulation());
    REQUIRE(with.live_ranges.size() == 3);
    const LiveRange& between = with.live_ranges[0];
    CHECK(between.name == "between");
    CHECK(between.spilled);
    CHECK(between.memory == LiveRange::Memory::dram);
    CHECK(between.start_cycle == 10_cycles);
    CHECK(between.end_cycle == 1000_cycles);
    const LiveRange& weights = with.live_ranges[1];
    CHECK(weights.kind == Placement::Kind::weight_buffer);
    CHECK(weights.memory == LiveRange::Memory::sram);
    CHECK_FALSE(weights.spilled);
    CHECK(weights.start_cycle == 410_cycles);  // position 1 has no kernel: behind the one before
    CHECK(weights.end_cycle == 610_cycles);
    CHECK(with.live_ranges[2].start_cycle >= weights.end_cycle);
    CHECK(with.live_ranges[2].end_cycle == 1000_cycles);
}

TEST_CASE("The page holds the JSON and nothing that ends its script early") {
    Report with = timed();
    with.operators[0].name = "</script><script>alert(1)</script>";
    const std::string page = with.to_html();
    CHECK(page.find("</script><script>alert") == std::string::npos);
    const std::string open = "<script id=\"data\" type=\"application/json\">";
    const auto begin = page.find(open) + open.size();
    const auto end = page.find("</script>", begin);
    const Json runs = Json::parse(page.substr(begin, end - begin));
    REQUIRE(runs.size() == 1);
    CHECK(runs[0] == Json::parse(with.to_json()));
}

TEST_CASE("Steps are no shorter than the memories take to be steady, but for short runs") {
    Report report = timed();
    report.target.off_chip.bandwidth_period = 5000_cycles;
    CHECK(report::bandwidth(report, 1000).step == 1_cycles);
    report.total.cycles = 500'000_cycles;
    CHECK(report::bandwidth(report, 1000).step == 5000_cycles);
    CHECK(report::bandwidth(report, 10).step == 50'000_cycles);
    report.target.ideal_memory = true;
    CHECK(report::bandwidth(report, 1000).step == 500_cycles);
}
