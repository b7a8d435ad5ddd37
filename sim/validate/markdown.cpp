// A validation as a page of the documentation.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <u65sim/validate.hpp>
#include "validate/format.hpp"

namespace u65sim {
namespace {

/// Text inside a table's cell.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

std::string percents(const ValidationSummary& each) {
    if (each.rows == 0) return "- | - | -";
    return fmt::format("{:.2f} % | {:+.2f} % ({}) | {:+.2f} %", each.mean, each.worst,
                       cell(each.worst_row), each.bias);
}

std::string baseline(const ValidationSummary& each) {
    if (!each.baseline_mean) return "-";
    return fmt::format("{:.1f} % / {:+.1f} %", *each.baseline_mean, *each.baseline_worst);
}

std::string summary_table(const std::vector<ValidationSummary>& summaries, bool by_target) {
    const char* target_head = by_target ? " target |" : "";
    std::string out = fmt::format(
        "| group | stream by |{} rows | left out | mean | worst | bias | estimator mean / worst | "
        "goal | |\n|---|---|{}--:|--:|--:|--:|--:|--:|---|---|\n",
        target_head, by_target ? "---|" : "");
    for (const ValidationSummary& each : summaries) {
        const std::string target = by_target ? fmt::format(" {} |", cell(each.target)) : "";
        out += fmt::format("| {} | {} |{} {} | {} | {} | {} | {} | {} |\n", cell(each.group),
                           cell(each.producer), target, each.rows, each.others, percents(each),
                           baseline(each), validation::goal(each), validation::goal_state(each));
    }
    return out;
}

std::string section_table(const validation::Section& section) {
    const bool ranges = std::any_of(section.results.begin(), section.results.end(),
                                    [](const ValidationResult* each) { return each->low; });
    std::string out = fmt::format(
        "\n### {}; stream by {}\n\n| network | target | settings | counter | ours |{} reference | "
        "{} |\n|---|---|---|---|--:|{}--:|--:|\n",
        section.group, section.producer, ranges ? " from, to |" : "",
        section.bounds ? "bound" : "error", ranges ? "--:|" : "");
    for (const ValidationResult* result : section.results) {
        const ValidationRow& row = result->row;
        const bool measured = result->status == ValidationResult::Status::measured &&
                              row.kind != ReferenceKind::does_not_fit;
        out += fmt::format(
            "| {} | {} | {} | {} | {} |{} {} | {} |\n", cell(validation::network_name(row.network)),
            cell(validation::target_name(row.target)), cell(row.label), cell(row.counter),
            measured ? validation::figure(result->ours, row.counter) : "-",
            ranges ? fmt::format(" {} |", validation::range(*result)) : "",
            validation::reference(row), validation::verdict(*result));
    }
    return out;
}

}  // namespace

std::string Validation::to_markdown() const {
    std::string out = fmt::format(
        "# How close is it?\n\nThis page is what `u65sim validate --format md` printed, version "
        "{}. Errors are signed percent of the\nreference; means are of absolute errors. A row "
        "whose files are absent is left out and says why; it never\ncounts as met. How rows are "
        "written: [validation-rows.md](validation-rows.md).\n",
        u65sim_version);
    if (!settings.empty()) out += fmt::format("\nSettings: `{}`.\n", fmt::join(settings, " "));
    out += "\n## By group\n\n" + summary_table(summaries(), false);
    for (const auto& [group, who] : plan.baselines) {
        out += fmt::format("\nThe estimator beside *{}* is {}.\n", group, who);
    }
    out += "\n## By group and target\n\n" + summary_table(summaries_by_target(), true);
    if (const auto all = pairs(); !all.empty()) {
        out +=
            "\n## Pairs\n\n| pair | stream by | faster | slower | ours | reference | |\n"
            "|---|---|---|---|--:|--:|---|\n";
        for (const ValidationPair& each : all) {
            out += fmt::format("| {} | {} | {} | {} | {:.2f} times | {:.2f} times | {} |\n",
                               cell(each.pair), cell(each.producer), cell(each.first),
                               cell(each.second), each.ours, each.reference,
                               each.agrees() ? "agrees" : "DISAGREES");
        }
    }
    bool in_bounds = false;
    out += "\n## Every row\n";
    for (const validation::Section& section : validation::sections(*this)) {
        if (section.bounds && !in_bounds) {
            out += "\n## Bounds\n\nNo error is counted here: the reference only limits ours.\n";
            in_bounds = true;
        }
        out += section_table(section);
    }
    if (const auto missing = validation::left_out(*this); !missing.empty()) {
        out += "\n## Left out\n\n";
        for (const validation::LeftOut& each : missing) {
            out += fmt::format("- {} rows {}: {}\n", each.results.size(), each.status,
                               cell(each.reason));
        }
    }
    out += "\n## What the rows are\n\n";
    for (std::size_t i = 0; i < plan.titles.size(); ++i) {
        out += fmt::format("- **{}**", cell(plan.titles[i]));
        if (!plan.notes[i].empty()) out += ": " + cell(plan.notes[i]);
        out += '\n';
    }
    out += "\n## Sources\n\n";
    for (const std::string& source : validation::sources(*this)) {
        out += fmt::format("- {}\n", cell(source));
    }
    return out;
}

}  // namespace u65sim
