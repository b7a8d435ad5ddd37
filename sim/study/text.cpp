// A study's results as people read them in a terminal: at most 100 columns.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/format.hpp"
#include "study/plan.hpp"
#include "study/results.hpp"

namespace u65sim {
namespace {

constexpr std::size_t line_width = 100;
constexpr std::size_t most_rows = 40;
constexpr std::size_t key_width = 34;

using Cells = std::vector<std::string>;

/// Columns as wide as what they hold; numbers to the right. Where a line has no room for all of
/// them, the rest follow in a table below, behind the same texts.
std::string table(const std::vector<Cells>& lines, std::size_t text_columns,
                  std::size_t most_width) {
    std::vector<std::size_t> widths;
    for (const Cells& line : lines) {
        widths.resize(std::max(widths.size(), line.size()));
        for (std::size_t at = 0; at < line.size(); ++at) {
            widths[at] = std::max(widths[at], line[at].size());
        }
    }
    text_columns = std::min(text_columns, widths.size());
    std::size_t texts = 0;
    for (std::size_t at = 0; at < text_columns; ++at) {
        widths[at] = std::min(widths[at], most_width);
        texts += widths[at] + 2;
    }
    std::string out;
    std::size_t first = text_columns;
    do {
        std::size_t end = first, width = texts;
        while (end < widths.size() && (end == first || width + widths[end] <= line_width)) {
            width += widths[end++] + 2;
        }
        for (const Cells& line : lines) {
            std::string text;
            for (std::size_t at = 0; at < line.size(); ++at) {
                const bool is_text = at < text_columns;
                if (!is_text && (at < first || at >= end)) continue;
                text += fmt::format(fmt::runtime(is_text ? "{:<{}}  " : "{:>{}}  "),
                                    is_text ? report::elided(line[at], widths[at]) : line[at],
                                    widths[at]);
            }
            text.erase(text.find_last_not_of(' ') + 1);
            out += text + '\n';
        }
        first = end;
        if (first < widths.size()) out += '\n';
    } while (first < widths.size());
    return out;
}

/// Words in lines of at most `line_width`, all but the first indented.
std::string wrapped(std::string_view text) {
    std::string out;
    std::size_t column = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        const std::size_t length = end - at;
        if (column > 0 && column + 1 + length > line_width) {
            out += "\n  ";
            column = 2;
        } else if (column > 0) {
            out += ' ';
            ++column;
        }
        out += text.substr(at, length);
        column += length;
        at = end + 1;
    }
    return out + '\n';
}

std::string main_table(const StudyResults& results) {
    const Study::Plan& plan = results.study.plan();
    const auto keys = study::varied_keys(plan);
    // Many keys would leave no room for figures: then they share a column.
    constexpr std::size_t most_keys = 4;
    constexpr std::size_t point_width = 44;
    const bool shared = keys.size() > most_keys;
    const auto front = results.pareto_front();
    const auto rows = study::main_rows(results);
    std::vector<Cells> lines(1);
    if (shared) lines.front().emplace_back("point");
    for (const std::string& key : keys) {
        if (!shared) lines.front().push_back(key.substr(key.rfind('.') + 1));
    }
    for (const std::string& name : plan.shown) lines.front().push_back(name);
    if (!front.empty()) lines.front().push_back("front");
    std::size_t left_out = 0;
    for (const StudyRow* row : rows) {
        if (lines.size() > most_rows) {
            ++left_out;
            continue;
        }
        Cells line;
        if (shared) line.push_back(study::point_name(*row, keys));
        for (const std::string& key : keys) {
            if (!shared) line.push_back(study::setting_of(*row, key).value_or("-"));
        }
        const bool is_estimated = row->status == StudyRow::Status::estimated;
        if (row->status != StudyRow::Status::measured && !is_estimated) {
            line.emplace_back(to_string(row->status));
        } else {
            for (const std::string& name : plan.shown) {
                const auto value = study::measure_of(plan, *row, name);
                line.push_back(value ? study::figure(*value) : "-");
            }
            if (!front.empty()) {
                const auto at = static_cast<std::size_t>(row - results.rows.data());
                line.emplace_back(front[at] ? "*" : is_estimated ? "~" : "");
            }
        }
        lines.push_back(std::move(line));
    }
    std::string out = shared ? table(lines, 1, point_width) : table(lines, keys.size(), key_width);
    if (left_out > 0) out += fmt::format("... and {} rows more\n", left_out);
    return out;
}

std::string reasons(const StudyResults& results) {
    std::vector<std::pair<std::string, std::size_t>> counted;
    for (const StudyRow& row : results.rows) {
        if (row.reason.empty() || row.role == StudyRow::Role::probe ||
            row.status == StudyRow::Status::measured) {
            continue;
        }
        auto found = std::find_if(counted.begin(), counted.end(),
                                  [&](const auto& each) { return each.first == row.reason; });
        if (found == counted.end()) found = counted.insert(found, {row.reason, 0});
        ++found->second;
    }
    std::string out;
    for (std::size_t at = 0; at < std::min<std::size_t>(counted.size(), 10); ++at) {
        out += report::elided(fmt::format("{} x {}", counted[at].second, counted[at].first),
                              line_width) +
               '\n';
    }
    return out.empty() ? out : "\nWithout figures\n" + out;
}

std::string answers(const StudyResults& results) {
    std::string out;
    for (const StudyRow& row : results.rows) {
        if (row.role != StudyRow::Role::answer || row.status != StudyRow::Status::measured) {
            continue;
        }
        const std::string name = study::point_name(row, results.study.plan().axis_keys);
        out += wrapped(fmt::format("{}{}{}", name, name.empty() ? "" : ": ", row.reason));
    }
    return out.empty() ? out : "\nFound\n" + out;
}

std::string sensitivity_table(const StudyResults& results) {
    const auto all = study::sensitivities(results);
    if (all.empty()) return {};
    std::vector<Cells> lines{{"change", "latency"}};
    const bool several = results.study.plan().points > 1;
    for (const study::Sensitivity& each : all) {
        if (lines.size() > most_rows) break;
        const std::string point = several ? fmt::format("point {}: ", each.point) : "";
        lines.push_back({point + each.varied, fmt::format("{:+.2f} %", each.percent)});
    }
    std::string out = "\nSensitivities\n";
    for (const Cells& line : lines) out += fmt::format("{:<70}  {:>10}\n", line[0], line[1]);
    if (all.size() >= lines.size()) {
        out += fmt::format("... and {} more\n", all.size() - (lines.size() - 1));
    }
    return out;
}

std::string interval_table(const StudyResults& results) {
    const auto all = study::intervals(results);
    if (all.empty()) return {};
    std::string out = '\n' + wrapped(fmt::format("Uncertainty of the latency ({})",
                                                 results.study.plan().uncertainty));
    for (const study::Interval& each : all) {
        out += fmt::format("point {}: {:.4g} ms; ", each.point, each.stated);
        const std::string count =
            fmt::format("{} of {}", each.samples, results.study.plan().samples);
        if (each.is_known()) {
            out += fmt::format(
                "nine of ten samples between {:.4g} and {:.4g} ms, median {:.4g} ms ({} "
                "measured)\n",
                each.low, each.high, each.median, count);
        } else {
            out += fmt::format(
                "{} samples measured, between {:.4g} and {:.4g} ms: an interval takes "
                "{}\n",
                count, each.least, each.most, study::Interval::least_samples);
        }
    }
    return out;
}

}  // namespace

std::string StudyResults::to_text() const {
    const Study::Plan& plan = study.plan();
    std::string out = plan.title + '\n';
    if (plan.sampled_from != 0) {
        out += fmt::format("A sample of {} of {} items\n", study.items(), plan.sampled_from);
    }
    for (const std::string& each : study::hypotheses(*this))
        out += wrapped("HYPOTHETICAL: " + each);
    out += '\n' + main_table(*this);
    if (const std::string cost = study::effort_text(*this); !cost.empty()) {
        out += '\n' + wrapped(cost);
    }
    out += answers(*this) + sensitivity_table(*this) + interval_table(*this) + reasons(*this);
    if (plan.energy) out += '\n' + wrapped("Energies are an estimate: " + plan.energy->source);
    if (!plan.known_source.empty()) {
        out += '\n' + wrapped(fmt::format("Not simulated: {} ({})", plan.known_measures.front(),
                                          plan.known_source));
    }
    return out;
}

}  // namespace u65sim
