// A study as one page with its plots.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <u65sim/report.hpp>

#include "report/chart.hpp"
#include "report/html_viewer.hpp"
#include "report/svg.hpp"
#include "study/plan.hpp"
#include "study/quantities.hpp"
#include "study/results.hpp"

namespace u65sim {
namespace {

using report::escaped;

/// Of plots on phones, pixels.
constexpr double phone = 350;

/// Beside what pages of reports look like. Plots keep a width at which they can be read, and have
/// a drawing of their own for phones.
constexpr const char* style =
    "body{max-width:1900px}.plots{display:flex;flex-wrap:wrap;gap:16px}"
    ".plots>div{overflow-x:auto;max-width:100%}.plots svg{display:block;min-width:640px;"
    "max-width:900px;width:100%;height:auto}.not td{color:var(--soft)}"
    ".plots>.phone{display:none}@media(max-width:600px){.plots>.wide{display:none}"
    ".plots>.phone{display:block}.plots .phone svg{min-width:0}}"
    ".hypothesis{border-left:4px solid #e69f00;background:var(--panel);padding:.4em .8em}"
    "td.wrap{min-width:180px;max-width:520px}";

/// Of a table: what stands above a column, and whether its cells are numbers.
struct Column {
    std::string title;
    bool is_number = false;
};

std::string table_head(const std::vector<Column>& columns) {
    std::string out = "<div class=\"scroll\"><table class=\"sortable\"><thead><tr>";
    for (const Column& column : columns) {
        out += fmt::format("<th{}>{}</th>", column.is_number ? " class=\"n\"" : "",
                           escaped(column.title));
    }
    return out + "</tr></thead><tbody>\n";
}

constexpr const char* table_end = "</tbody></table></div>\n";

std::string text_cell(std::string_view text) { return fmt::format("<td>{}</td>", escaped(text)); }

/// Sorted by the number itself, whatever is shown of it.
std::string number_cell(const std::optional<double>& value, std::string_view shown) {
    if (!value) return "<td class=\"n\" data-value=\"\"></td>";
    return fmt::format("<td class=\"n\" data-value=\"{}\">{}</td>", *value, escaped(shown));
}

/// A setting as it was written, sorted by its value where it has one.
std::string setting_cell(const std::string& text) {
    const auto value = study::quantity(text);
    if (!value) return text_cell(text);
    return fmt::format("<td data-value=\"{}\">{}</td>", *value, escaped(text));
}

std::string paragraphs(const StudyResults& results) {
    const Study::Plan& plan = results.study.plan();
    std::string out;
    if (!plan.note.empty()) out += fmt::format("<p>{}</p>\n", escaped(plan.note));
    if (plan.sampled_from != 0) {
        out += fmt::format("<p>A sample of {} of {} items.</p>\n", results.study.items(),
                           plan.sampled_from);
    }
    for (const std::string& each : study::hypotheses(results)) {
        out += fmt::format("<p class=\"hypothesis\"><b>Hypothetical hardware.</b> {}</p>\n",
                           escaped(each));
    }
    if (const std::string cost = study::effort_text(results); !cost.empty()) {
        out += fmt::format("<p>{}.</p>\n", escaped(cost));
    }
    if (!plan.base.empty()) {
        out += "<p>Everywhere:";
        for (const auto& [key, value] : plan.base) {
            out += fmt::format(" <code>{} = {}</code>", escaped(key), escaped(value));
        }
        out += "</p>\n";
    }
    return out;
}

std::string row_table(const StudyResults& results) {
    const Study::Plan& plan = results.study.plan();
    const auto keys = study::varied_keys(plan);
    const auto front = results.pareto_front();
    std::vector<Column> columns;
    for (const std::string& key : keys) columns.push_back({key});
    for (const std::string& name : plan.shown) columns.push_back({name, true});
    if (!front.empty()) columns.push_back({"front"});
    const auto rows = study::main_rows(results);
    const bool reasons = std::any_of(rows.begin(), rows.end(),
                                     [](const StudyRow* row) { return !row->reason.empty(); });
    if (reasons) columns.push_back({"reason"});
    std::string out = table_head(columns);
    for (const StudyRow* row : rows) {
        const bool measured = row->status == StudyRow::Status::measured;
        const bool is_estimated = row->status == StudyRow::Status::estimated;
        out += measured ? "<tr>" : "<tr class=\"not\">";
        for (const std::string& key : keys) {
            out += setting_cell(study::setting_of(*row, key).value_or(""));
        }
        for (const std::string& name : plan.shown) {
            const auto value = study::measure_of(plan, *row, name);
            out += number_cell(value, value ? study::figure(*value) : "");
        }
        const auto at = static_cast<std::size_t>(row - results.rows.data());
        if (!front.empty()) out += text_cell(front[at] ? "yes" : is_estimated ? "no (~)" : "");
        if (reasons) out += fmt::format("<td class=\"wrap\">{}</td>", escaped(row->reason));
        out += "</tr>\n";
    }
    return out + table_end;
}

std::string sensitivity_table(const StudyResults& results) {
    const auto all = study::sensitivities(results);
    if (all.empty()) return {};
    std::string out = "<h2>Sensitivities</h2>\n" +
                      table_head({{"point", true}, {"change"}, {"latency, %", true}});
    for (const study::Sensitivity& each : all) {
        out += "<tr>" +
               number_cell(static_cast<double>(each.point), fmt::format("{}", each.point)) +
               text_cell(each.varied) +
               number_cell(each.percent, fmt::format("{:+.2f}", each.percent)) + "</tr>\n";
    }
    return out + table_end;
}

std::string interval_table(const StudyResults& results) {
    const auto all = study::intervals(results);
    if (all.empty()) return {};
    std::string out =
        fmt::format("<h2>Uncertainty</h2>\n<p>{}; from {} samples on there are percentiles</p>\n{}",
                    escaped(results.study.plan().uncertainty), study::Interval::least_samples,
                    table_head({{"point", true},
                                {"samples"},
                                {"latency_ms", true},
                                {"5 %", true},
                                {"50 %", true},
                                {"95 %", true}}));
    for (const study::Interval& each : all) {
        const auto cell = [&](double value, bool known) {
            return known ? number_cell(value, fmt::format("{:.4g}", value))
                         : number_cell(std::nullopt, "");
        };
        out += "<tr>" +
               number_cell(static_cast<double>(each.point), fmt::format("{}", each.point)) +
               text_cell(fmt::format("{} of {}", each.samples, results.study.plan().samples)) +
               cell(each.stated, true) + cell(each.low, each.is_known()) +
               cell(each.median, each.is_known()) + cell(each.high, each.is_known()) + "</tr>\n";
    }
    return out + table_end;
}

}  // namespace

std::string StudyResults::to_html() const {
    const Study::Plan& plan = study.plan();
    std::string out = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta "
        "name=\"viewport\" "
        "content=\"width=device-width\">\n<title>{0}</title>\n<link rel=\"icon\" "
        "href=\"data:,\">\n<style>\n{1}{2}</style></head>\n<body>\n<h1>{0}</h1>\n",
        escaped(plan.title), report::viewer_style(), style);
    out += paragraphs(*this);
    out += "<div class=\"plots\">\n";
    for (report::Chart chart : study::charts(*this)) {
        out += "<div class=\"wide\">" + report::to_svg(chart) + "</div>\n";
        chart.width = phone;
        out += "<div class=\"phone\">" + report::to_svg(chart) + "</div>\n";
    }
    out += "</div>\n";
    out +=
        "<h2>Points</h2>\n" + row_table(*this) + sensitivity_table(*this) + interval_table(*this);
    out += "<h2>Sources</h2>\n<ul>\n";
    out += fmt::format("<li>Simulated by u65sim {}.</li>\n", escaped(version()));
    if (plan.energy) {
        out += fmt::format("<li>Energies are an estimate: {}</li>\n", escaped(plan.energy->source));
    }
    if (!plan.known_source.empty()) {
        out += fmt::format("<li>Not simulated: {}</li>\n", escaped(plan.known_source));
    }
    return out +
           fmt::format("</ul>\n<script>\n{}</script>\n</body></html>\n", report::sort_script());
}

}  // namespace u65sim
