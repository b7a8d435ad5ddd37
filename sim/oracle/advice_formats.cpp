// Advice as text, JSON and HTML.
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <u65sim/advice.hpp>

#include "report/ceilings.hpp"
#include "report/format.hpp"
#include "report/html_viewer.hpp"
#include "report/svg.hpp"

namespace u65sim {

namespace {

using Json = nlohmann::ordered_json;
using report::escaped;

constexpr std::size_t shown_operators = 5;

/// The operators that take the most time.
std::vector<const OperatorReport*> largest(const Report& report) {
    std::vector<const OperatorReport*> order;
    for (const OperatorReport& op : report.operators) order.push_back(&op);
    std::stable_sort(order.begin(), order.end(),
                     [](const auto* a, const auto* b) { return a->cycles > b->cycles; });
    if (order.size() > shown_operators) order.resize(shown_operators);
    return order;
}

double share(Cycles part, const Report& report) {
    const auto total = static_cast<double>(report.total.cycles.count());
    return total > 0 ? static_cast<double>(part.count()) / total : 0.0;
}

std::string sentence(const OperatorReport& op, const Report& report) {
    std::string text = fmt::format("{} ({}): {:.1f} % of the time", op.name, op.type,
                                   100.0 * share(op.cycles, report));
    if (op.macs > Macs{0}) {
        text += fmt::format(", {:.0f} % of the array in use", 100.0 * op.mac_utilization);
    }
    return op.bound_by ? fmt::format("{}, bound by {}", text, to_string(*op.bound_by)) : text;
}

/// All operators of one type.
struct Kind {
    std::string type;
    std::int64_t count = 0;
    Cycles cycles{0};
    Macs macs{0};
};

/// The types that take the most time.
std::vector<Kind> kinds(const Report& report) {
    std::vector<Kind> all;
    for (const OperatorReport& op : report.operators) {
        auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Kind& each) { return each.type == op.type; });
        if (found == all.end()) found = all.insert(all.end(), Kind{op.type});
        ++found->count;
        found->cycles += op.cycles;
        found->macs += op.macs;
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Kind& a, const Kind& b) { return a.cycles > b.cycles; });
    if (all.size() > shown_operators) all.resize(shown_operators);
    return all;
}

double use(const Kind& kind, const Report& report) {
    const auto possible = static_cast<double>(report.target.peak_macs_per_cycle()) *
                          static_cast<double>(kind.cycles.count());
    return possible > 0 ? static_cast<double>(kind.macs.count()) / possible : 0.0;
}

std::string sentence(const Kind& kind, const Report& report) {
    std::string text = fmt::format("{} {}: {:.1f} % of the time", kind.count, kind.type,
                                   100.0 * share(kind.cycles, report));
    if (kind.macs == Macs{0}) return text;
    text += fmt::format(", {:.0f} % of the array in use", 100.0 * use(kind, report));
    if (kind.type != "DEPTHWISE_CONV_2D") return text;
    const auto most = static_cast<double>(report::peak_depthwise_macs(report.target));
    return text +
           fmt::format(" of at most {:.0f} %",
                       100.0 * most / static_cast<double>(report.target.peak_macs_per_cycle()));
}

std::vector<std::string> kind_sentences(const Report& report) {
    std::vector<std::string> sentences;
    for (const Kind& kind : kinds(report)) sentences.push_back(sentence(kind, report));
    return sentences;
}

/// What each port moved, and what it could have moved at most.
std::vector<std::string> memory_sentences(const Report& report) {
    std::vector<std::string> sentences;
    for (const int port : {0, 1}) {
        const Report::MemoryUse& use = port == 0 ? report.sram : report.dram;
        if (use.ceilings.empty() || report.total.cycles == Cycles{0}) continue;
        const double rate = static_cast<double>((use.read + use.write).count()) /
                            static_cast<double>(report.total.cycles.count());
        const PortCeiling& lowest = use.ceilings.front();
        std::string text =
            fmt::format("{}: {:.2f} of at most {:.2f} B/cycle ({})",
                        port == 0 ? std::string{"sram"} : report.target.off_chip.kind, rate,
                        lowest.bytes_per_cycle, report::describe(lowest, report.target, port));
        if (const PortCeiling* slowest = report::slowest_channel(use)) {
            text += fmt::format("; {} alone {:.2f} ({})", to_string(*slowest->channel),
                                slowest->bytes_per_cycle,
                                report::describe(*slowest, report.target, port));
        }
        sentences.push_back(std::move(text));
    }
    return sentences;
}

Json advice_json(const Advice& advice, const Report& report) {
    Json json{{"kind", to_string(advice.kind)},
              {"subject", advice.subject},
              {"text", advice.text},
              {"saved_cycles", advice.saved.count()},
              {"saved_share", share(advice.saved, report)}};
    if (advice.sram > Bytes{0}) json["sram_bytes"] = advice.sram.count();
    if (advice.channels != 0) json["channels"] = advice.channels;
    return json;
}

std::string cell(std::string_view text) { return fmt::format("<td>{}</td>", escaped(text)); }
std::string number(std::int64_t value) {
    return fmt::format("<td class=\"n\" data-value=\"{}\">{}</td>", value, report::grouped(value));
}

std::string advice_table(const std::vector<Advice>& advice) {
    if (advice.empty()) return "<p>No change that was tried makes it faster.</p>\n";
    std::string out =
        "<div class=\"scroll\"><table class=\"sortable\" id=\"advice\"><thead><tr><th "
        "class=\"n\">cycles saved</th><th>change</th><th class=\"of\">of</th><th>what it "
        "does</th></tr></thead>"
        "<tbody>\n";
    for (const Advice& each : advice) {
        out += fmt::format("<tr>{}{}<td class=\"of\">{}</td><td class=\"wrap\">{}</td></tr>\n",
                           number(each.saved.count()), cell(to_string(each.kind)),
                           escaped(each.subject), escaped(each.text));
    }
    return out + "</tbody></table></div>\n";
}

std::string list(std::string_view title, const std::vector<std::string>& sentences) {
    if (sentences.empty()) return {};
    std::string out = fmt::format("<h2>{}</h2>\n<ul>\n", title);
    for (const std::string& each : sentences) out += fmt::format("<li>{}</li>\n", escaped(each));
    return out + "</ul>\n";
}

std::vector<std::string> largest_sentences(const Report& report) {
    std::vector<std::string> sentences;
    for (const OperatorReport* op : largest(report)) sentences.push_back(sentence(*op, report));
    return sentences;
}

/// What each takes on the CPU, where the target says what such work costs, and why it is there.
std::vector<std::string> cpu_sentences(const Report& report) {
    std::vector<std::string> sentences;
    const std::vector<CpuOperator>& left = report.model.cpu_operators;
    for (std::size_t i = 0; i < left.size(); ++i) {
        std::string time;
        if (report.inference && i < report.inference->operators.size()) {
            const TimePart& part = report.inference->operators[i].time;
            if (part.high_ms > 0.0) {
                time = fmt::format(", {:.3f} ms ({:.3f} to {:.3f})", part.ms, part.low_ms,
                                   part.high_ms);
            }
        }
        sentences.push_back(
            fmt::format("{} ({}){}: {}", left[i].name, left[i].type, time, left[i].reason));
    }
    return sentences;
}

std::string_view cpu_title(const Report& report) {
    return report.inference && report.inference->cpu.high_ms > 0.0
               ? "Left to the CPU, whose time is by the target's numbers"
               : "Left to the CPU, whose time is not simulated";
}

/// "1,234,567 cycles, 1.235 ms", and the whole inference where the target speaks of it.
std::string totals(const Report& report) {
    std::string text = fmt::format(
        "{} cycles, {:.3f} ms", report::grouped(report.total.cycles.count()), report.latency_ms());
    if (report.inference) {
        text += fmt::format(", whole inference {:.3f} ms", report.inference->ms());
    }
    return text;
}

/// Names of merged operators are as long as all of theirs together.
constexpr std::size_t name_width = 60;
std::string with_short_name(std::string text, const std::string& name) {
    const std::size_t at = name.empty() ? std::string::npos : text.find(name);
    if (at != std::string::npos) text.replace(at, name.size(), report::elided(name, name_width));
    return text;
}

}  // namespace

std::string AdviceReport::to_text(std::size_t most) const {
    std::string all =
        fmt::format("{} on {}: {}\n", report.model.name, report.target.name, totals(report));
    all += "\nThe largest operators\n";
    for (const OperatorReport* op : largest(report)) {
        all += fmt::format("{:>12}  {}\n", report::grouped(op->cycles.count()),
                           with_short_name(sentence(*op, report), op->name));
    }
    const auto add = [&](std::string_view title, const std::vector<std::string>& sentences) {
        if (sentences.empty()) return;
        all += fmt::format("\n{}\n", title);
        for (const std::string& each : sentences) all += fmt::format("{:14}{}\n", "", each);
    };
    add("By kind of operator", kind_sentences(report));
    add("What the memories allow", memory_sentences(report));
    add(cpu_title(report), cpu_sentences(report));
    if (advice.empty()) return all + "\nNo change that was tried makes it faster.\n";
    all += fmt::format("\n{:>12}  {:<15}  {}\n", "cycles", "change", "what it does");
    for (std::size_t i = 0; i < std::min(most, advice.size()); ++i) {
        all += fmt::format("{:>12}  {:<15}  {}\n", report::grouped(advice[i].saved.count()),
                           to_string(advice[i].kind),
                           with_short_name(advice[i].text, advice[i].subject));
    }
    if (advice.size() > most) {
        all += fmt::format("... and {} more (--top {})\n", advice.size() - most, advice.size());
    }
    return all;
}

std::string AdviceReport::to_json() const {
    Json operators = Json::array();
    for (const OperatorReport* op : largest(report)) {
        operators.push_back({{"name", op->name},
                             {"type", op->type},
                             {"cycles", op->cycles.count()},
                             {"share", share(op->cycles, report)},
                             {"mac_utilization", op->mac_utilization},
                             {"bound_by", report::name_of(op->bound_by)}});
    }
    Json types = Json::array();
    for (const Kind& kind : kinds(report)) {
        types.push_back({{"type", kind.type},
                         {"count", kind.count},
                         {"cycles", kind.cycles.count()},
                         {"share", share(kind.cycles, report)},
                         {"mac_utilization", use(kind, report)}});
    }
    Json pieces = Json::array();
    for (const Advice& each : advice) pieces.push_back(advice_json(each, report));
    const Json json{{"schema_version", schema_version},
                    {"u65sim_version", report.u65sim_version},
                    {"network", report.model.name},
                    {"target", report.target.name},
                    {"cycles", report.total.cycles.count()},
                    {"latency_ms", report.latency_ms()},
                    {"largest_operators", std::move(operators)},
                    {"kinds", std::move(types)},
                    {"memories", memory_sentences(report)},
                    {"cpu_operators", cpu_sentences(report)},
                    {"advice", std::move(pieces)}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string AdviceReport::to_html() const {
    const std::string title =
        fmt::format("Advice for {} on {}", report.model.name, report.target.name);
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
        "name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n<link "
        "rel=\"icon\" href=\"data:,\">\n<style>\n{1}</style></head>\n<body>\n<h1>{0}</h1>\n<p>{2}; "
        "simulated by u65sim {3}. Each change was tried by itself.</p>\n{4}{5}{6}{7}<h2>What would "
        "make it faster</h2>\n{8}<script>\n{9}</script>\n</body></html>\n",
        escaped(title), report::viewer_style(), totals(report), escaped(report.u65sim_version),
        list("The largest operators", largest_sentences(report)),
        list("By kind of operator", kind_sentences(report)),
        list("What the memories allow", memory_sentences(report)),
        list(cpu_title(report), cpu_sentences(report)), advice_table(advice),
        report::sort_script());
}

}  // namespace u65sim
