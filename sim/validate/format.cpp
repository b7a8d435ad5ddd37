#include "validate/format.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "oracle/named.hpp"
#include "report/format.hpp"

namespace u65sim::validation {

std::string network_name(const std::string& network) {
    if (const auto entry = named::zoo_name(network)) return std::string{*entry};
    return std::filesystem::path(network).stem().string();
}

std::string target_name(const std::string& target) {
    return named::is_target_file(target) ? std::filesystem::path(target).stem().string() : target;
}

std::string figure(double value, std::string_view counter) {
    if (counter.ends_with("_ms")) return fmt::format("{:.3f}", value);
    return report::grouped(std::llround(value));
}

std::string signed_percent(double value) { return fmt::format("{:+.2f} %", value); }

std::string reference(const ValidationRow& row) {
    switch (row.kind) {
        case ReferenceKind::upper_bound:
            return "<= " + figure(row.reference, row.counter);
        case ReferenceKind::lower_bound:
            return ">= " + figure(row.reference, row.counter);
        case ReferenceKind::does_not_fit:
            return "does not fit";
        case ReferenceKind::figure:
            break;
    }
    return figure(row.reference, row.counter);
}

std::string verdict(const ValidationResult& result) {
    if (const auto error = result.error_percent()) return signed_percent(*error);
    if (const auto agrees = result.agrees()) return *agrees ? "agrees" : "DISAGREES";
    return std::string(to_string(result.status));
}

std::string range(const ValidationResult& result) {
    if (!result.low || !result.high || *result.low == *result.high) return {};
    const std::string& counter = result.row.counter;
    return fmt::format("{} to {}{}", figure(*result.low, counter), figure(*result.high, counter),
                       result.in_range().value_or(true) ? "" : " !");
}

std::string goal(const ValidationSummary& summary) {
    std::string text;
    if (summary.goal_mean) text = fmt::format("mean <= {:g} %", *summary.goal_mean);
    if (summary.goal_worst) {
        text += fmt::format("{}worst <= {:g} %", text.empty() ? "" : ", ", *summary.goal_worst);
    }
    return text;
}

std::string_view goal_state(const ValidationSummary& summary) {
    const auto met = summary.meets_goal();
    if (!met) return "-";
    return *met ? "met" : "missed";
}

std::vector<Section> sections(const Validation& validation) {
    std::vector<Section> all;
    for (const ValidationResult& result : validation.results) {
        const bool bounds = result.row.kind != ReferenceKind::figure;
        auto found = std::find_if(all.begin(), all.end(), [&](const Section& each) {
            return each.group == result.row.group && each.producer == result.row.producer &&
                   each.bounds == bounds;
        });
        if (found == all.end()) {
            all.push_back({result.row.group, result.row.producer, bounds, {}});
            found = all.end() - 1;
        }
        found->results.push_back(&result);
    }
    std::stable_sort(all.begin(), all.end(), [](const Section& left, const Section& right) {
        return !left.bounds && right.bounds;
    });
    return all;
}

std::vector<LeftOut> left_out(const Validation& validation) {
    std::vector<LeftOut> all;
    for (const ValidationResult& result : validation.results) {
        if (result.reason.empty() || result.agrees().value_or(false)) continue;
        const std::string status(to_string(result.status));
        auto found = std::find_if(all.begin(), all.end(), [&](const LeftOut& each) {
            return each.status == status && each.reason == result.reason;
        });
        if (found == all.end()) {
            all.push_back({status, result.reason, {}});
            found = all.end() - 1;
        }
        found->results.push_back(&result);
    }
    return all;
}

std::vector<std::string> sources(const Validation& validation) {
    std::vector<std::string> all;
    for (const ValidationResult& result : validation.results) {
        if (std::find(all.begin(), all.end(), result.row.source) == all.end()) {
            all.push_back(result.row.source);
        }
    }
    return all;
}

}  // namespace u65sim::validation
