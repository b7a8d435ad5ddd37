#include "study/results.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "report/format.hpp"
#include "study/front.hpp"
#include "study/measures.hpp"
#include "study/plan.hpp"

namespace u65sim::study {
namespace {

constexpr const char* latency = "latency_ms";

/// The place `share` of the way through sorted values, between neighbours in proportion.
double quantile(const std::vector<double>& sorted, double share) {
    const double at = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (sorted[above] - sorted[below]) * (at - std::floor(at));
}

}  // namespace

std::optional<std::string> setting_of(const StudyRow& row, const std::string& key) {
    std::optional<std::string> value;
    for (const auto& [name, text] : row.settings) {
        if (name == key) value = text;
    }
    return value;
}

std::vector<std::string> varied_keys(const Study::Plan& plan) {
    std::vector<std::string> keys = plan.axis_keys;
    if (plan.search) keys.push_back(plan.search->key);
    return keys;
}

std::optional<double> measure_of(const Study::Plan& plan, const StudyRow& row,
                                 const std::string& name) {
    const auto names = plan.measure_names();
    const auto found = std::find(names.begin(), names.end(), name);
    const auto at = static_cast<std::size_t>(found - names.begin());
    return at < row.measures.size() ? row.measures[at] : std::nullopt;
}

std::string unit_of(const std::string& measure) {
    const auto index = find_measure(measure);
    return index ? study_measures()[*index].unit : "";
}

std::string figure(double value) {
    if (std::floor(value) == value && std::abs(value) < 1e15) {
        return report::grouped(static_cast<std::int64_t>(value));
    }
    return fmt::format("{:.4g}", value);
}

std::string point_name(const StudyRow& row, const std::vector<std::string>& keys) {
    std::string name;
    for (const std::string& key : keys) {
        const auto value = setting_of(row, key);
        if (!value) continue;
        if (!name.empty()) name += ", ";
        name += key == "network" || key == "target" ? *value : fmt::format("{} {}", key, *value);
    }
    return name;
}

std::string short_name(const StudyRow& row, const std::vector<std::string>& keys) {
    std::string name;
    for (const std::string& key : keys) {
        const auto value = setting_of(row, key);
        if (!value) continue;
        if (!name.empty()) name += ", ";
        if (key == "network" || key == "target") {
            name += std::filesystem::path{value->substr(value->find(':') + 1)}.stem().string();
        } else {
            name += fmt::format("{} {}", key.substr(key.rfind('.') + 1), *value);
        }
    }
    return name;
}

std::vector<const StudyRow*> main_rows(const StudyResults& results) {
    std::vector<const StudyRow*> rows;
    for (const StudyRow& row : results.rows) {
        if (row.role == StudyRow::Role::point || row.role == StudyRow::Role::answer) {
            rows.push_back(&row);
        }
    }
    return rows;
}

std::string effort_text(const StudyResults& results) {
    const auto effort = results.effort();
    if (!effort) return {};
    const std::size_t all = effort->simulated + effort->estimated;
    return fmt::format(
        "{} of {} {} were simulated, {} of them outside of the bounds by effort quick; {} were "
        "estimated{}",
        effort->simulated, all, results.study.plan().search ? "probes" : "points", effort->misses,
        effort->estimated,
        results.study.plan().search ? "" : " (~): their bounds keep them off the front");
}

std::vector<Sensitivity> sensitivities(const StudyResults& results) {
    const Study::Plan& plan = results.study.plan();
    std::vector<Sensitivity> all;
    std::map<std::size_t, double> before;
    for (const StudyRow& row : results.rows) {
        const std::size_t point = plan.items.at(row.item).point;
        const auto value = measure_of(plan, row, latency);
        if (!value) continue;
        if (row.role == StudyRow::Role::point) before[point] = *value;
        if (row.role != StudyRow::Role::sensitivity || !before.contains(point)) continue;
        const double base = before.at(point);
        all.push_back(
            {point, plan.items.at(row.item).varied, 100 * (*value - base) / base, base, *value});
    }
    std::stable_sort(all.begin(), all.end(), [](const Sensitivity& a, const Sensitivity& b) {
        if (a.point != b.point) return a.point < b.point;
        return std::abs(a.percent) > std::abs(b.percent);
    });
    return all;
}

std::vector<Interval> intervals(const StudyResults& results) {
    const Study::Plan& plan = results.study.plan();
    std::map<std::size_t, double> stated;
    std::map<std::size_t, std::vector<double>> samples;
    for (const StudyRow& row : results.rows) {
        const auto value = measure_of(plan, row, latency);
        if (!value) continue;
        const std::size_t point = plan.items.at(row.item).point;
        if (row.role == StudyRow::Role::point) stated[point] = *value;
        if (row.role == StudyRow::Role::sample) samples[point].push_back(*value);
    }
    std::vector<Interval> all;
    for (auto& [point, values] : samples) {
        std::sort(values.begin(), values.end());
        all.push_back({point, values.size(), stated.contains(point) ? stated.at(point) : 0.0,
                       quantile(values, 0.05), quantile(values, 0.5), quantile(values, 0.95),
                       values.front(), values.back()});
    }
    return all;
}

std::vector<std::string> hypotheses(const StudyResults& results) {
    std::vector<std::string> all;
    for (const StudyRow& row : results.rows) {
        for (const std::string& each : row.hypotheses) {
            if (std::find(all.begin(), all.end(), each) == all.end()) all.push_back(each);
        }
    }
    return all;
}

}  // namespace u65sim::study

namespace u65sim {

std::string_view to_string(StudyRow::Status status) {
    switch (status) {
        case StudyRow::Status::measured:
            return "measured";
        case StudyRow::Status::does_not_fit:
            return "does_not_fit";
        case StudyRow::Status::failed:
            return "failed";
        case StudyRow::Status::unanswered:
            return "unanswered";
        case StudyRow::Status::estimated:
            break;
    }
    return "estimated";
}

std::string_view to_string(StudyRow::Role role) {
    switch (role) {
        case StudyRow::Role::point:
            return "point";
        case StudyRow::Role::probe:
            return "probe";
        case StudyRow::Role::answer:
            return "answer";
        case StudyRow::Role::sensitivity:
            return "sensitivity";
        case StudyRow::Role::sample:
            break;
    }
    return "sample";
}

std::vector<bool> StudyResults::pareto_front() const {
    const Study::Plan& plan = study.plan();
    if (plan.pareto.empty()) return {};
    std::vector<study::Corner> corners;
    std::vector<std::size_t> row_of;
    for (std::size_t at = 0; at < rows.size(); ++at) {
        auto corner = study::corner_of(plan, rows[at]);
        if (!corner) continue;
        corners.push_back(std::move(*corner));
        row_of.push_back(at);
    }
    const std::vector<bool> is_on = study::front_of(corners);
    std::vector<bool> front(rows.size());
    for (std::size_t at = 0; at < corners.size(); ++at) front[row_of[at]] = is_on[at];
    return front;
}

std::optional<StudyEffort> StudyResults::effort() const {
    StudyEffort effort;
    bool was_asked = false;
    for (const StudyRow& row : rows) {
        if (row.role != StudyRow::Role::point && row.role != StudyRow::Role::probe) continue;
        was_asked |= !row.bounds.empty();
        if (row.status == StudyRow::Status::estimated) {
            ++effort.estimated;
            continue;
        }
        ++effort.simulated;
        for (std::size_t at = 0; at < std::min(row.bounds.size(), row.measures.size()); ++at) {
            const auto& value = row.measures[at];
            const auto& bounds = row.bounds[at];
            if (!value || !bounds || (bounds->least <= *value && *value <= bounds->most)) continue;
            ++effort.misses;
            break;
        }
    }
    if (!was_asked) return std::nullopt;
    return effort;
}

}  // namespace u65sim
