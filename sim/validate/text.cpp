// A validation as people read it on a terminal, and as a spreadsheet does.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <u65sim/validate.hpp>
#include "report/format.hpp"
#include "validate/format.hpp"

namespace u65sim {
namespace {

using report::csv_field;
using report::elided;
using report::wrapped;

std::string summary_table(const Validation& validation) {
    const auto summaries = validation.summaries();
    if (summaries.empty()) return "";
    std::string out =
        fmt::format("{:<40}{:<14}{:>5}{:>9}{:>10}{:>10}  {}\n", "absolute error, by group",
                    "stream by", "rows", "mean %", "worst %", "left out", "goal");
    for (const ValidationSummary& each : summaries) {
        out += fmt::format("{:<40}{:<14}{:>5}", elided(each.group, 39), elided(each.producer, 13),
                           each.rows);
        out += each.rows ? fmt::format("{:>9.2f}{:>+10.2f}", each.mean, each.worst)
                         : fmt::format("{:>9}{:>10}", "-", "-");
        out += fmt::format("{:>10}  {}\n", each.others, validation::goal_state(each));
    }
    return out + '\n';
}

std::string section_text(const validation::Section& section,
                         const std::vector<ValidationSummary>& summaries) {
    std::string out =
        fmt::format("{}; stream by {}\n", elided(section.group, 60), elided(section.producer, 25));
    std::string counter;
    for (const ValidationResult* result : section.results) {
        const ValidationRow& row = result->row;
        if (row.counter != counter) {
            counter = row.counter;
            out += fmt::format("  {:<52}{:>14}{:>14}{:>16}\n", elided(counter, 50), "ours",
                               "reference", section.bounds ? "" : "error");
        }
        const bool measured = result->status == ValidationResult::Status::measured &&
                              row.kind != ReferenceKind::does_not_fit;
        out += fmt::format("  {:<22}{:<13}{:<17}{:>14}{:>14}{:>16}\n",
                           elided(validation::network_name(row.network), 21),
                           elided(validation::target_name(row.target), 12), elided(row.label, 16),
                           measured ? validation::figure(result->ours, row.counter) : "-",
                           validation::reference(row), validation::verdict(*result));
        if (const std::string range = validation::range(*result); !range.empty()) {
            out += fmt::format("  {:>66}\n", range);
        }
    }
    for (const ValidationSummary& each : summaries) {
        if (each.group != section.group || each.producer != section.producer || section.bounds) {
            continue;
        }
        if (each.rows == 0) continue;
        out += wrapped(fmt::format("mean {:.2f} %, worst {:+.2f} % ({}), bias {:+.2f} %", each.mean,
                                   each.worst, each.worst_row, each.bias),
                       2);
        if (const std::string goal = validation::goal(each); !goal.empty()) {
            out += wrapped(fmt::format("goal {}: {}", goal, validation::goal_state(each)), 2);
        }
    }
    return out + '\n';
}

}  // namespace

std::string Validation::to_text() const {
    std::string out =
        fmt::format("u65sim {} against {} reference rows\n", u65sim_version, results.size());
    if (!settings.empty()) out += wrapped(fmt::format("with {}", fmt::join(settings, " ")), 0);
    out += '\n' + summary_table(*this);
    const auto groups = summaries();
    for (const ValidationSummary& each : summaries_by_target()) {
        if (!each.meets_goal()) continue;
        out += wrapped(fmt::format("{}, stream by {}, on {} alone: mean {:.2f} %, goal {}: {}",
                                   each.group, each.producer, each.target, each.mean,
                                   validation::goal(each), validation::goal_state(each)),
                       0);
    }
    out += '\n';
    for (const validation::Section& section : validation::sections(*this)) {
        out += section_text(section, groups);
    }
    for (const ValidationPair& each : pairs()) {
        out += wrapped(fmt::format("{}, stream by {}: {} takes {:.2f} times as long as {}, the "
                                   "reference {:.2f} times: {}",
                                   each.pair, each.producer, each.second, each.ours, each.first,
                                   each.reference, each.agrees() ? "agrees" : "DISAGREES"),
                       0);
    }
    for (const validation::LeftOut& each : validation::left_out(*this)) {
        out += wrapped(fmt::format("{} rows {}: {}", each.results.size(), each.status, each.reason),
                       0);
    }
    return out;
}

std::string Validation::to_csv() const {
    std::string out =
        "group,producer,made_by,network,target,settings,counter,kind,status,ours,reference,"
        "error_percent,baseline,place,source,reason,low,high,pair\n";
    for (const ValidationResult& each : results) {
        const ValidationRow& row = each.row;
        const bool has_ours = each.status == ValidationResult::Status::measured &&
                              row.kind != ReferenceKind::does_not_fit;
        const auto error = each.error_percent();
        out += fmt::format(
            "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", csv_field(row.group),
            csv_field(row.producer), csv_field(each.made_by),
            csv_field(validation::network_name(row.network)),
            csv_field(validation::target_name(row.target)),
            csv_field(fmt::format("{}", fmt::join(row.settings, " "))), csv_field(row.counter),
            to_string(row.kind), to_string(each.status), has_ours ? fmt::to_string(each.ours) : "",
            row.kind == ReferenceKind::does_not_fit ? "" : fmt::to_string(row.reference),
            error ? fmt::format("{:.4f}", *error) : "",
            row.baseline ? fmt::to_string(*row.baseline) : "", csv_field(row.place),
            csv_field(row.source), csv_field(each.reason),
            each.low ? fmt::to_string(*each.low) : "", each.high ? fmt::to_string(*each.high) : "",
            csv_field(row.pair));
    }
    return out;
}

}  // namespace u65sim
