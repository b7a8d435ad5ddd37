// The timeline in the trace event format that chrome://tracing and Perfetto read.
#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <u65sim/error.hpp>
#include <u65sim/report.hpp>

#include "report/format.hpp"
#include "report/timeline_json.hpp"

namespace u65sim {

namespace {

using Json = nlohmann::ordered_json;

constexpr int process = 1;
constexpr std::int64_t counter_steps = 2000;

/// Events as they are written: one line each, so that a large trace needs no tree in memory.
class Events {
public:
    explicit Events(const Report& report)
        : cycles_per_us_(static_cast<double>(report.target.accelerator.clock.count()) / 1e6) {}

    /// Trace times are microseconds; fractions keep single cycles apart.
    [[nodiscard]] double time(Cycles cycles) const {
        return static_cast<double>(cycles.count()) / cycles_per_us_;
    }
    void add(const Json& event) {
        text_ += text_.empty() ? "" : ",\n";
        text_ += event.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    void metadata(std::string_view kind, int thread, const Json& args) {
        add({{"name", kind}, {"ph", "M"}, {"pid", process}, {"tid", thread}, {"args", args}});
    }
    void counter(std::string_view name, Cycles at, const Json& args) {
        add({{"name", name}, {"ph", "C"}, {"ts", time(at)}, {"pid", process}, {"args", args}});
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    double cycles_per_us_;
    std::string text_;
};

void add_spans(Events& events, const Report& report) {
    for (const Timeline::Span& span : report.timeline.spans) {
        const Timeline::Track& track = report.timeline.tracks[span.track];
        const bool known = span.row >= 0;
        const bool port = track.name.starts_with("axi");
        Json args = {{"start_cycle", span.start.count()},
                     {"cycles", (span.end - span.start).count()}};
        if (known) {
            const OperatorReport& op = report.operators[static_cast<std::size_t>(span.row)];
            args["type"] = op.type;
            if (span.track == 0) args["bound_by"] = report::name_of(op.bound_by);
        }
        if (span.block >= 0) args["block"] = span.block;
        if (port) {
            args["channel"] = to_string(span.channel);
            args["bytes"] = span.bytes.count();
        }
        events.add({{"name", known ? report.operators[static_cast<std::size_t>(span.row)].name
                                   : track.name},
                    {"cat", track.name},
                    {"ph", "X"},
                    {"ts", events.time(span.start)},
                    {"dur", events.time(span.end - span.start)},
                    {"pid", process},
                    {"tid", span.track + 1},
                    {"args", args}});
    }
}

void add_bandwidth(Events& events, const Report& report) {
    const report::Bandwidth rates = report::bandwidth(report, counter_steps);
    for (std::size_t port = 0; port < 2; ++port) {
        std::size_t steps = 0;
        for (const auto& series : rates.bytes[port]) steps = std::max(steps, series.size());
        const std::string name = fmt::format("axi{} B/cycle", port);
        for (std::size_t step = 0; step < steps; ++step) {
            Json args = Json::object();
            for (std::size_t i = 0; i < channel_count; ++i) {
                const auto& series = rates.bytes[port][i];
                if (series.empty()) continue;
                args[std::string{to_string(static_cast<Channel>(i))}] =
                    static_cast<double>(series[step]) / static_cast<double>(rates.step.count());
            }
            events.counter(name, static_cast<std::int64_t>(step) * rates.step, args);
        }
    }
}

/// Bytes of buffers alive, at each cycle where that changes.
void add_memory(Events& events, const Report& report) {
    for (const auto memory : {LiveRange::Memory::sram, LiveRange::Memory::dram}) {
        std::map<Cycles, std::int64_t> changes;
        for (const LiveRange& range : report.live_ranges) {
            if (range.memory != memory || range.end_cycle < range.start_cycle) continue;
            changes[range.start_cycle] += range.size.count();
            changes[range.end_cycle] -= range.size.count();
        }
        Bytes alive{0};
        for (const auto& [time, change] : changes) {
            alive = Bytes{alive.count() + change};
            events.counter(fmt::format("{} bytes alive", to_string(memory)), time,
                           {{"bytes", alive.count()}});
        }
    }
}

}  // namespace

std::string Report::to_trace() const {
    if (timeline.spans.empty() && total.cycles > Cycles{0}) {
        throw InvalidConfig(fmt::format(
            "{}: the report has no timeline: simulate with SimulateOptions::timeline", model.name));
    }
    Events events{*this};
    events.metadata("process_name", 0,
                    {{"name", fmt::format("{} on {}", model.name, target.name)}});
    for (std::size_t i = 0; i < timeline.tracks.size(); ++i) {
        const int thread = static_cast<int>(i) + 1;
        events.metadata("thread_name", thread, {{"name", timeline.tracks[i].name}});
        events.metadata("thread_sort_index", thread, {{"sort_index", thread}});
    }
    add_spans(events, *this);
    add_bandwidth(events, *this);
    add_memory(events, *this);
    Json meanings = Json::object();
    for (const Timeline::Track& track : timeline.tracks) meanings[track.name] = track.meaning;
    const Json other = {{"producer", fmt::format("u65sim {}", u65sim_version)},
                        {"clock_hz", target.accelerator.clock.count()},
                        {"total_cycles", total.cycles.count()},
                        {"tracks", meanings}};
    return fmt::format("{{\"displayTimeUnit\":\"ns\",\"otherData\":{},\"traceEvents\":[\n{}\n]}}\n",
                       other.dump(-1, ' ', false, Json::error_handler_t::replace), events.take());
}

}  // namespace u65sim
