// A study as one page with its plots.
#include <fmt/format.h>

#include <u65sim/report.hpp>

#include "report/svg.hpp"
#include "study/plan.hpp"
#include "study/results.hpp"

namespace u65sim {
namespace {

using report::escaped;

constexpr const char* style =
    "body{font:15px/1.45 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;"
    "color:#222;background:#fff}table{border-collapse:collapse;font-size:13px;margin:0 0 1.5em}"
    "th,td{text-align:left;padding:2px 12px 2px 0;border-bottom:1px solid #ddd;vertical-align:top}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}svg{width:100%;height:auto}"
    ".not td{color:#888}.hypothesis{background:#fff3d6;border-left:4px solid #E69F00;"
    "padding:.4em .8em}";

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
    std::string out = "<table><thead><tr>";
    for (const std::string& key : keys) out += fmt::format("<th>{}</th>", escaped(key));
    for (const std::string& name : plan.shown) {
        out += fmt::format("<th class=\"n\">{}</th>", escaped(name));
    }
    out += front.empty() ? "<th></th>" : "<th>front</th>";
    out += "</tr></thead><tbody>\n";
    for (const StudyRow* row : study::main_rows(results)) {
        const bool measured = row->status == StudyRow::Status::measured;
        out += measured ? "<tr>" : "<tr class=\"not\">";
        for (const std::string& key : keys) {
            out += fmt::format("<td>{}</td>", escaped(study::setting_of(*row, key).value_or("")));
        }
        for (const std::string& name : plan.shown) {
            const auto value = study::measure_of(plan, *row, name);
            out += fmt::format("<td class=\"n\">{}</td>", value ? study::figure(*value) : "");
        }
        const auto at = static_cast<std::size_t>(row - results.rows.data());
        const bool on_front = !front.empty() && front[at];
        out += fmt::format("<td>{}{}</td></tr>\n", on_front ? "yes" : "", escaped(row->reason));
    }
    return out + "</tbody></table>\n";
}

std::string sensitivity_table(const StudyResults& results) {
    const auto all = study::sensitivities(results);
    if (all.empty()) return {};
    std::string out =
        "<h2>Sensitivities</h2>\n<table><thead><tr><th>point</th><th>change</th><th class=\"n\">"
        "latency</th></tr></thead><tbody>\n";
    for (const study::Sensitivity& each : all) {
        out += fmt::format("<tr><td>{}</td><td>{}</td><td class=\"n\">{:+.2f} %</td></tr>\n",
                           each.point, escaped(each.varied), each.percent);
    }
    return out + "</tbody></table>\n";
}

std::string interval_table(const StudyResults& results) {
    const auto all = study::intervals(results);
    if (all.empty()) return {};
    std::string out = fmt::format(
        "<h2>Uncertainty</h2>\n<p>{}; from {} samples on there are percentiles</p>\n<table><thead>"
        "<tr><th>point</th><th class=\"n\">samples</th><th class=\"n\">latency_ms</th><th "
        "class=\"n\">5 %</th><th class=\"n\">50 %</th><th class=\"n\">95 "
        "%</th></tr></thead><tbody>\n",
        escaped(results.study.plan().uncertainty), study::Interval::least_samples);
    const auto percentile = [](const study::Interval& each, double value) {
        return each.is_known() ? fmt::format("{:.4g}", value) : std::string{"-"};
    };
    for (const study::Interval& each : all) {
        out += fmt::format(
            "<tr><td>{}</td><td class=\"n\">{} of {}</td><td class=\"n\">{:.4g}</td><td "
            "class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
            each.point, each.samples, results.study.plan().samples, each.stated,
            percentile(each, each.low), percentile(each, each.median), percentile(each, each.high));
    }
    return out + "</tbody></table>\n";
}

}  // namespace

std::string StudyResults::to_html() const {
    const Study::Plan& plan = study.plan();
    std::string out = fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title><style>"
        "{1}</style></head><body>\n<h1>{0}</h1>\n",
        escaped(plan.title), style);
    out += paragraphs(*this);
    for (const StudyFile& plot : plots()) out += plot.content;
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
    return out + "</ul>\n</body></html>\n";
}

}  // namespace u65sim
