// A validation as one page with a dot plot of its errors.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <u65sim/validate.hpp>
#include "report/svg.hpp"
#include "validate/format.hpp"

namespace u65sim {
namespace {

using report::escaped;

constexpr int label_width = 330, plot_width = 620, line_height = 18, head_height = 26;

/// The error axis: symmetric, wide enough for nearly all rows; what lies beyond sticks to the edge.
struct Axis {
    double limit = 5.0;

    explicit Axis(const Validation& validation) {
        double worst = 0;
        for (const ValidationResult& each : validation.results) {
            if (const auto error = each.error_percent()) worst = std::max(worst, std::abs(*error));
        }
        for (const double candidate : {7.0, 10.0, 15.0, 20.0, 30.0}) {
            limit = candidate;
            if (worst <= candidate) break;
        }
    }
    [[nodiscard]] double x(double percent) const {
        const double clamped = std::clamp(percent, -limit, limit);
        return label_width + plot_width * (clamped + limit) / (2 * limit);
    }
};

std::vector<std::string> producers(const Validation& validation) {
    std::vector<std::string> names;
    for (const ValidationResult& each : validation.results) {
        if (std::find(names.begin(), names.end(), each.row.producer) == names.end()) {
            names.push_back(each.row.producer);
        }
    }
    return names;
}

/// A producer's mark: a colour, and a shape for those who see none.
std::size_t mark_of(const std::vector<std::string>& names, const std::string& name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

/// One line of the plot: the same figure by each producer.
struct Line {
    std::string group, label;
    std::vector<const ValidationResult*> results;
};

std::vector<Line> lines(const Validation& validation) {
    std::vector<Line> all;
    std::vector<std::string> groups;
    for (const ValidationResult& each : validation.results) {
        if (!each.error_percent()) continue;
        const ValidationRow& row = each.row;
        std::string label =
            validation::network_name(row.network) + ", " + validation::target_name(row.target);
        if (row.counter != "NPU_ACTIVE" && row.counter != "latency_ms") {
            label += ", " + row.counter.substr(0, row.counter.find("_DATA"));
        } else if (!row.label.empty()) {
            label += ", " + row.label;
        }
        auto found = std::find_if(all.begin(), all.end(), [&](const Line& line) {
            return line.group == row.group && line.label == label;
        });
        if (found == all.end()) {
            all.push_back({row.group, label, {}});
            found = all.end() - 1;
        }
        found->results.push_back(&each);
        if (std::find(groups.begin(), groups.end(), row.group) == groups.end()) {
            groups.push_back(row.group);
        }
    }
    const auto rank = [&](const Line& line) {
        return std::find(groups.begin(), groups.end(), line.group) - groups.begin();
    };
    std::stable_sort(all.begin(), all.end(),
                     [&](const Line& left, const Line& right) { return rank(left) < rank(right); });
    return all;
}

std::string band(const Axis& axis, double percent, const char* style, int top, int bottom) {
    return fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\"/>\n", style,
        axis.x(-percent), top, axis.x(percent) - axis.x(-percent), bottom - top);
}

std::string point(const Axis& axis, const ValidationResult& result, std::size_t mark, int y) {
    const ValidationRow& row = result.row;
    const double error = *result.error_percent();
    const std::string beyond = std::abs(error) > axis.limit ? " beyond" : "";
    const std::string title =
        fmt::format("{} on {}{}{}\n{}: ours {}, reference {}, {}\nstream by {}",
                    validation::network_name(row.network), validation::target_name(row.target),
                    row.label.empty() ? "" : ", ", row.label, row.counter,
                    validation::figure(result.ours, row.counter),
                    validation::figure(row.reference, row.counter),
                    validation::signed_percent(error), row.producer);
    return fmt::format(
        "<path class=\"mark{}\" d=\"{}\" fill=\"{}\" transform=\"translate({:.1f},{})\"><title>{}"
        "</title></path>\n",
        beyond, report::series_mark(mark), report::series_colour(mark), axis.x(error), y,
        escaped(title));
}

std::string plot(const Validation& validation) {
    const std::vector<Line> all = lines(validation);
    if (all.empty()) return "<p>No row could be measured.</p>\n";
    const Axis axis{validation};
    const auto names = producers(validation);
    int height = head_height;
    std::string group;
    for (const Line& line : all) {
        if (line.group != group) height += head_height;
        group = line.group;
        height += line_height;
    }
    const int bottom = height + 4;
    std::string out = fmt::format(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Error of every row in percent\">\n",
        label_width + plot_width + 20, bottom + 26);
    out +=
        band(axis, 5, "band5", head_height, bottom) + band(axis, 2, "band2", head_height, bottom);
    for (const double share : {-1.0, -0.5, 0.0, 0.5, 1.0}) {
        const double percent = share * axis.limit;
        out += fmt::format(
            "<line class=\"{}\" x1=\"{x:.1f}\" x2=\"{x:.1f}\" y1=\"{}\" y2=\"{}\"/>\n"
            "<text class=\"tick\" x=\"{x:.1f}\" y=\"{}\">{percent:+g} %</text>\n"
            "<text class=\"tick\" x=\"{x:.1f}\" y=\"{}\">{percent:+g} %</text>\n",
            percent == 0 ? "zero" : "grid", head_height, bottom, head_height - 6, bottom + 18,
            fmt::arg("x", axis.x(percent)), fmt::arg("percent", percent));
    }
    int y = head_height;
    group.clear();
    for (const Line& line : all) {
        if (line.group != group) {
            group = line.group;
            y += head_height;
            out += fmt::format("<text class=\"group\" x=\"0\" y=\"{}\">{}</text>\n", y - 6,
                               escaped(group));
        }
        y += line_height;
        out += fmt::format("<text x=\"{}\" y=\"{}\" class=\"label\">{}</text>\n", label_width - 12,
                           y - 5, escaped(line.label));
        for (const ValidationResult* each : line.results) {
            out += point(axis, *each, mark_of(names, each->row.producer), y - 9);
        }
    }
    return out + "</svg>\n";
}

std::string legend(const Validation& validation) {
    const auto names = producers(validation);
    std::string out = "<p class=\"legend\">";
    for (const std::string& name : names) {
        const std::size_t mark = mark_of(names, name);
        out += fmt::format(
            "<svg width=\"14\" height=\"14\" viewBox=\"-7 -7 14 14\"><path d=\"{}\" fill=\"{}\"/>"
            "</svg> stream by {} &nbsp; ",
            report::series_mark(mark), report::series_colour(mark), escaped(name));
    }
    return out +
           "shaded: within 2 % and 5 %; hollow: beyond the axis; point at a mark for its "
           "figures</p>\n";
}

std::string summary_table(const Validation& validation) {
    std::string out =
        "<table><tr><th>group<th>stream by<th class=n>rows<th class=n>left out<th class=n>mean"
        "<th class=n>worst<th class=n>estimator's mean<th>goal<th></tr>\n";
    for (const ValidationSummary& each : validation.summaries()) {
        const bool any = each.rows > 0;
        out += fmt::format(
            "<tr><td>{}<td>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n title=\"{}\">{}"
            "<td class=n>{}<td>{}<td>{}</tr>\n",
            escaped(each.group), escaped(each.producer), each.rows, each.others,
            any ? fmt::format("{:.2f} %", each.mean) : "-", escaped(each.worst_row),
            any ? validation::signed_percent(each.worst) : "-",
            each.baseline_mean ? fmt::format("{:.1f} %", *each.baseline_mean) : "-",
            escaped(validation::goal(each)), validation::goal_state(each));
    }
    return out + "</table>\n";
}

std::string row_tables(const Validation& validation) {
    std::string out;
    for (const validation::Section& section : validation::sections(validation)) {
        out += fmt::format(
            "<h3>{}; stream by {}</h3>\n<table><tr><th>network<th>target<th>settings<th>counter"
            "<th class=n>ours<th class=n>reference<th class=n>{}</tr>\n",
            escaped(section.group), escaped(section.producer), section.bounds ? "bound" : "error");
        for (const ValidationResult* result : section.results) {
            const ValidationRow& row = result->row;
            const bool measured = result->status == ValidationResult::Status::measured &&
                                  row.kind != ReferenceKind::does_not_fit;
            out += fmt::format(
                "<tr title=\"{}\"><td>{}<td>{}<td>{}<td>{}<td class=n>{}<td class=n>{}<td class=n>"
                "{}</tr>\n",
                escaped(result->reason.empty() ? row.source : result->reason),
                escaped(validation::network_name(row.network)),
                escaped(validation::target_name(row.target)), escaped(row.label),
                escaped(row.counter),
                measured ? validation::figure(result->ours, row.counter) : "-",
                escaped(validation::reference(row)), escaped(validation::verdict(*result)));
        }
        out += "</table>\n";
    }
    return out;
}

constexpr std::string_view style =
    "body{font:15px/1.45 system-ui,sans-serif;max-width:1080px;margin:2em auto;padding:0 1em;"
    "color:#222;background:#fff}table{border-collapse:collapse;font-size:13px;margin:0 0 1.5em}"
    "th,td{text-align:left;padding:2px 10px 2px 0;border-bottom:1px solid #ddd}"
    ".n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}svg{width:100%;"
    "height:auto}"
    ".legend svg{width:14px;height:14px;vertical-align:-2px}svg text{font-size:12px;fill:#222}"
    "svg .group{font-weight:600}svg .label{text-anchor:end}svg .tick{text-anchor:middle;fill:#555}"
    ".band5{fill:#eef2f6}.band2{fill:#d9e4ee}.grid{stroke:#ccc;stroke-dasharray:2 3}"
    ".zero{stroke:#555}.mark{opacity:.85;stroke:#fff;stroke-width:.6}"
    ".mark.beyond{fill-opacity:0;stroke:#222;stroke-width:1.5}";

}  // namespace

std::string Validation::to_html() const {
    std::string out = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>u65sim against "
        "measurements</title><style>{}</style></head><body>\n<h1>u65sim {} against {} reference "
        "rows</h1>\n",
        style, escaped(u65sim_version), results.size());
    if (!settings.empty()) {
        out += "<p>Settings:";
        for (const std::string& setting : settings) {
            out += fmt::format(" <code>{}</code>", escaped(setting));
        }
        out += "</p>\n";
    }
    out += "<h2>By group</h2>\n" + summary_table(*this);
    out += "<h2>Error of every row</h2>\n" + legend(*this) + plot(*this);
    out += "<h2>Figures</h2>\n" + row_tables(*this);
    if (const auto missing = validation::left_out(*this); !missing.empty()) {
        out += "<h2>Left out</h2>\n<ul>\n";
        for (const validation::LeftOut& each : missing) {
            out += fmt::format("<li>{} rows {}: {}</li>\n", each.results.size(), each.status,
                               escaped(each.reason));
        }
        out += "</ul>\n";
    }
    out += "<h2>Sources</h2>\n<ul>\n";
    for (const std::string& source : validation::sources(*this)) {
        out += fmt::format("<li>{}</li>\n", escaped(source));
    }
    return out + "</ul>\n</body></html>\n";
}

}  // namespace u65sim
