// What each unit did when, by operator of the network.
#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "report/join.hpp"

namespace u65sim::report {

namespace {

std::string meaning_of(std::string_view unit, bool write) {
    if (unit == "command_parser") return "a piece of the command stream was on its way";
    if (unit == "ifm_loader") return "a load of input feature map was on its way to the NPU";
    if (unit == "weight_loader") return "compressed weights were on their way";
    if (unit == "scale_loader") return "bias and scale records were on their way";
    if (unit == "mac_array") return "the MAC array computed";
    if (unit == "output_unit") return "the output unit scaled, activated or computed elementwise";
    if (unit == "ofm_writer") return "output was on its way to memory, or its answer was";
    if (unit == "dma") return "a memory-to-memory transfer was under way";
    return fmt::format("the port's data bus was kept for {}", write ? "writes" : "reads");
}

void add_operators(Timeline& timeline, const Simulation& simulation,
                   const std::vector<std::int32_t>& row_of) {
    const auto track = static_cast<std::uint16_t>(timeline.tracks.size());
    timeline.tracks.push_back(
        {"operators", "the operator whose kernel was the oldest unfinished one"});
    const std::vector<Charge> charges = charged_cycles(simulation);
    for (std::size_t i = 0; i < charges.size(); ++i) {
        if (charges[i].start == charges[i].end) continue;
        timeline.spans.push_back(
            {.track = track, .row = row_of[i], .start = charges[i].start, .end = charges[i].end});
    }
}

}  // namespace

std::vector<Charge> charged_cycles(const Simulation& simulation) {
    std::vector<Charge> charges(simulation.operations.size());
    Cycles now{0};
    std::int64_t segment = -1;
    for (std::size_t i = 0; i < charges.size(); ++i) {
        const OperationRecord& operation = simulation.operations[i];
        if (operation.is_dma) continue;
        if (segment != operation.segment) now = operation.issue;
        segment = operation.segment;
        charges[i].start = now;
        for (const Cycles cycles : operation.causes) now += cycles;
        charges[i].end = now;
    }
    return charges;
}

Timeline timeline(const Simulation& simulation, const std::vector<std::int32_t>& row_of) {
    Timeline timeline;
    if (simulation.timeline.empty()) return timeline;
    add_operators(timeline, simulation, row_of);
    // One track a unit, two a port: segments bring the same units again.
    std::map<std::pair<std::uint16_t, bool>, std::uint16_t> tracks;
    for (const Interval& interval : simulation.timeline) {
        tracks.try_emplace({interval.unit, is_write(interval.channel)}, std::uint16_t{0});
    }
    for (auto& [key, track] : tracks) {
        const auto [unit, write] = key;
        const std::string& name = simulation.units.at(unit);
        track = static_cast<std::uint16_t>(timeline.tracks.size());
        const bool port = name.starts_with("axi");
        timeline.tracks.push_back(
            {port ? fmt::format("{} {}", name, write ? "write" : "read") : name,
             meaning_of(name, write)});
    }
    timeline.spans.reserve(timeline.spans.size() + simulation.timeline.size());
    for (const Interval& interval : simulation.timeline) {
        timeline.spans.push_back(
            {.track = tracks.at({interval.unit, is_write(interval.channel)}),
             .channel = interval.channel,
             .row = interval.operation < row_of.size() ? row_of[interval.operation] : -1,
             .block = interval.block,
             .start = interval.start,
             .end = interval.end,
             .bytes = interval.bytes});
    }
    std::stable_sort(timeline.spans.begin(), timeline.spans.end(),
                     [](const Timeline::Span& a, const Timeline::Span& b) {
                         return std::pair{a.track, a.start} < std::pair{b.track, b.start};
                     });
    return timeline;
}

}  // namespace u65sim::report
