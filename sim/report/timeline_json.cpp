#include "report/timeline_json.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "target/memory_rate.hpp"

namespace u65sim::report {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t span_limit = 30'000;
constexpr std::int64_t bandwidth_steps = 1000;

/// 0 or 1 for a port's track, else -1.
int port_of(const Timeline::Track& track) {
    if (!track.name.starts_with("axi")) return -1;
    return track.name.starts_with("axi0") ? 0 : 1;
}

/// Cycles after which busy memories have moved about what they can sustain.
std::int64_t steady_after(const Target& target) {
    std::int64_t cycles = 1;
    if (target.ideal_memory) return cycles;
    for (const Memory* memory : {&target.sram, &target.off_chip}) {
        cycles = std::max({cycles, memory->bandwidth_period.count(),
                           read_latency(*memory, target.accelerator).count(),
                           write_latency(*memory, target.accelerator).count()});
    }
    return cycles;
}

std::vector<CoarseSpan> close_gaps(const Timeline& timeline, Cycles resolution) {
    std::vector<CoarseSpan> spans;
    for (const Timeline::Span& each : timeline.spans) {
        if (!spans.empty() && resolution > Cycles{0}) {
            CoarseSpan& last = spans.back();
            // Below the resolution channels of a port are told apart by its bandwidth only.
            if (last.span.track == each.track && last.span.row == each.row &&
                each.start - last.span.end <= resolution) {
                last.span.end = each.end;
                last.span.bytes += each.bytes;
                last.busy += each.end - each.start;
                last.last_block = std::max(last.last_block, each.block);
                continue;
            }
        }
        spans.push_back({each, each.block, each.end - each.start});
    }
    return spans;
}

}  // namespace

Bandwidth bandwidth(const Report& report, std::int64_t steps) {
    Bandwidth result;
    const std::int64_t total = report.total.cycles.count();
    result.step = Cycles{std::max<std::int64_t>(1, (total + steps - 1) / steps)};
    // A memory grants its bandwidth by periods, and answers come in bunches, a latency apart:
    // shorter steps show more than it sustains. Short runs keep them, for want of any shape
    // otherwise.
    constexpr std::int64_t least_steps = 100;
    const std::int64_t least = steady_after(report.target);
    if (least > result.step.count() && total >= least_steps * least) result.step = Cycles{least};
    const std::int64_t step = result.step.count();
    const auto count = static_cast<std::size_t>((total + step - 1) / step);
    for (const Timeline::Span& span : report.timeline.spans) {
        const int port = port_of(report.timeline.tracks[span.track]);
        if (port < 0 || span.bytes == Bytes{0} || count == 0) continue;
        auto& bytes =
            result.bytes[static_cast<std::size_t>(port)][static_cast<std::size_t>(span.channel)];
        bytes.resize(count);
        // What is posted may pass behind the last cycle: it counts there.
        const std::int64_t start = span.start.count();
        const std::int64_t length = span.end.count() - start;
        std::int64_t before = 0;
        for (std::int64_t at = start; at < start + length;) {
            const std::int64_t next = std::min(start + length, (at / step + 1) * step);
            const auto passed = static_cast<std::int64_t>(static_cast<double>(span.bytes.count()) *
                                                          static_cast<double>(next - start) /
                                                          static_cast<double>(length));
            const std::int64_t upto = next == start + length ? span.bytes.count() : passed;
            bytes[std::min(static_cast<std::size_t>(at / step), count - 1)] += upto - before;
            before = upto;
            at = next;
        }
    }
    return result;
}

CoarseTimeline coarsen(const Timeline& timeline, std::size_t limit) {
    CoarseTimeline result{Cycles{0}, close_gaps(timeline, Cycles{0})};
    Cycles longest{0};
    for (const Timeline::Span& span : timeline.spans) longest = std::max(longest, span.end);
    while (result.spans.size() > limit && result.resolution <= longest) {
        result.resolution = std::max(Cycles{8}, 2 * result.resolution);
        result.spans = close_gaps(timeline, result.resolution);
    }
    return result;
}

std::string timeline_json(const Report& report) {
    const Timeline& timeline = report.timeline;
    const CoarseTimeline coarse = coarsen(timeline, span_limit);
    Json json = Json::object();
    json["resolution_cycles"] = coarse.resolution.count();
    json["columns"] = {"start_cycle", "cycles",     "operator", "busy_cycles",
                       "first_block", "last_block", "channel",  "bytes"};
    Json tracks = Json::array();
    for (const Timeline::Track& track : timeline.tracks) {
        tracks.push_back(
            {{"name", track.name}, {"meaning", track.meaning}, {"spans", Json::array()}});
    }
    for (const CoarseSpan& each : coarse.spans) {
        const Timeline::Span& span = each.span;
        tracks[span.track]["spans"].push_back(
            {span.start.count(), (span.end - span.start).count(), span.row, each.busy.count(),
             span.block, each.last_block, static_cast<int>(span.channel), span.bytes.count()});
    }
    json["tracks"] = std::move(tracks);
    Json channels = Json::array();
    for (std::size_t i = 0; i < channel_count; ++i) {
        channels.push_back(std::string{to_string(static_cast<Channel>(i))});
    }
    json["channels"] = std::move(channels);
    const Bandwidth rates = bandwidth(report, bandwidth_steps);
    Json series = Json::array();
    for (std::size_t port = 0; port < 2; ++port) {
        for (std::size_t i = 0; i < channel_count; ++i) {
            if (rates.bytes[port][i].empty()) continue;
            series.push_back({{"port", port},
                              {"channel", std::string{to_string(static_cast<Channel>(i))}},
                              {"write", is_write(static_cast<Channel>(i))},
                              {"bytes", rates.bytes[port][i]}});
        }
    }
    json["bandwidth"] = {{"step_cycles", rates.step.count()},
                         {"steady_cycles", steady_after(report.target)},
                         {"series", std::move(series)}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace u65sim::report
