// What rows and groups of rows add up to.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <u65sim/validate.hpp>
#include "validate/format.hpp"

namespace u65sim {
namespace {

using Status = ValidationResult::Status;

/// Absolute errors collected to a mean and a worst.
struct Errors {
    std::size_t count = 0;
    double sum = 0, signed_sum = 0, worst = 0;

    /// True when this is the worst so far.
    bool add(double error) {
        ++count;
        sum += std::abs(error);
        signed_sum += error;
        if (count > 1 && std::abs(error) <= std::abs(worst)) return false;
        worst = error;
        return true;
    }
    [[nodiscard]] double mean() const { return count ? sum / static_cast<double>(count) : 0.0; }
    [[nodiscard]] double bias() const {
        return count ? signed_sum / static_cast<double>(count) : 0.0;
    }
};

struct Collected {
    ValidationSummary summary;
    Errors ours, baseline;
};

void collect(Collected& into, const ValidationResult& result) {
    const auto error = result.error_percent();
    if (!error) {
        ++into.summary.others;
        return;
    }
    if (into.ours.add(*error)) {
        into.summary.worst_row = validation::network_name(result.row.network) + " on " +
                                 validation::target_name(result.row.target);
        if (!result.row.label.empty()) into.summary.worst_row += ", " + result.row.label;
    }
    if (result.row.baseline) {
        into.baseline.add(100.0 * (*result.row.baseline - result.row.reference) /
                          result.row.reference);
    }
}

void add_goal(ValidationSummary& summary, const std::vector<ValidationGoal>& goals) {
    for (const ValidationGoal& goal : goals) {
        if (goal.group != summary.group || goal.target != summary.target) continue;
        if (!goal.producer.empty() && goal.producer != summary.producer) continue;
        if (goal.mean) summary.goal_mean = goal.mean;
        if (goal.worst) summary.goal_worst = goal.worst;
    }
}

std::vector<ValidationSummary> summarise(const Validation& validation, bool by_target) {
    std::vector<Collected> all;
    for (const ValidationResult& result : validation.results) {
        // Bounds and refusals have no error: their groups have no mean.
        if (result.row.kind != ReferenceKind::figure) continue;
        const std::string target = by_target ? validation::target_name(result.row.target) : "";
        auto found = std::find_if(all.begin(), all.end(), [&](const Collected& each) {
            return each.summary.group == result.row.group &&
                   each.summary.producer == result.row.producer && each.summary.target == target;
        });
        if (found == all.end()) {
            Collected fresh;
            fresh.summary.group = result.row.group;
            fresh.summary.producer = result.row.producer;
            fresh.summary.target = target;
            all.push_back(std::move(fresh));
            found = all.end() - 1;
        }
        collect(*found, result);
    }
    std::vector<ValidationSummary> summaries;
    for (Collected& each : all) {
        ValidationSummary& summary = each.summary;
        summary.rows = each.ours.count;
        summary.mean = each.ours.mean();
        summary.worst = each.ours.worst;
        summary.bias = each.ours.bias();
        if (each.baseline.count) {
            summary.baseline_mean = each.baseline.mean();
            summary.baseline_worst = each.baseline.worst;
        }
        add_goal(summary, validation.plan.goals);
        summaries.push_back(std::move(summary));
    }
    return summaries;
}

}  // namespace

std::string_view to_string(ReferenceKind kind) {
    switch (kind) {
        case ReferenceKind::figure:
            return "figure";
        case ReferenceKind::upper_bound:
            return "upper_bound";
        case ReferenceKind::lower_bound:
            return "lower_bound";
        case ReferenceKind::does_not_fit:
            return "does_not_fit";
    }
    throw std::logic_error("to_string(ReferenceKind): not a kind");
}

std::string_view to_string(ValidationResult::Status status) {
    switch (status) {
        case Status::measured:
            return "measured";
        case Status::refused:
            return "refused";
        case Status::skipped:
            return "skipped";
        case Status::failed:
            return "failed";
    }
    throw std::logic_error("to_string(ValidationResult::Status): not a status");
}

std::optional<double> ValidationResult::error_percent() const {
    if (status != Status::measured || row.kind != ReferenceKind::figure) return std::nullopt;
    return 100.0 * (ours - row.reference) / row.reference;
}

std::optional<bool> ValidationResult::agrees() const {
    if (status == Status::skipped || status == Status::failed) return std::nullopt;
    switch (row.kind) {
        case ReferenceKind::figure:
            return std::nullopt;
        case ReferenceKind::upper_bound:
            return status == Status::measured && ours <= row.reference;
        case ReferenceKind::lower_bound:
            return status == Status::measured && ours >= row.reference;
        case ReferenceKind::does_not_fit:
            return status == Status::refused;
    }
    throw std::logic_error("ValidationResult::agrees: not a kind");
}

std::optional<bool> ValidationResult::in_range() const {
    if (!error_percent() || !low || !high) return std::nullopt;
    return *low <= row.reference && row.reference <= *high;
}

std::vector<ValidationPair> Validation::pairs() const {
    std::vector<const ValidationResult*> rows;
    for (const ValidationResult& each : results) {
        if (!each.row.pair.empty() && each.error_percent()) rows.push_back(&each);
    }
    const auto name = [](const ValidationRow& row) {
        return validation::network_name(row.network) + " on " +
               validation::target_name(row.target) + (row.label.empty() ? "" : ", " + row.label);
    };
    std::vector<ValidationPair> all;
    for (const ValidationResult* first : rows) {
        for (const ValidationResult* second : rows) {
            if (first->row.pair != second->row.pair ||
                first->row.producer != second->row.producer ||
                first->row.reference >= second->row.reference) {
                continue;
            }
            all.push_back({first->row.pair, first->row.producer, name(first->row),
                           name(second->row), second->ours / first->ours,
                           second->row.reference / first->row.reference});
        }
    }
    return all;
}

std::optional<bool> ValidationSummary::meets_goal() const {
    if ((!goal_mean && !goal_worst) || rows == 0) return std::nullopt;
    if (others > 0) return false;
    return (!goal_mean || mean <= *goal_mean) && (!goal_worst || std::abs(worst) <= *goal_worst);
}

std::vector<ValidationSummary> Validation::summaries() const { return summarise(*this, false); }

std::vector<ValidationSummary> Validation::summaries_by_target() const {
    return summarise(*this, true);
}

std::size_t Validation::failures() const {
    return static_cast<std::size_t>(
        std::count_if(results.begin(), results.end(), [](const ValidationResult& result) {
            return result.status == Status::failed ||
                   (result.status == Status::refused &&
                    result.row.kind != ReferenceKind::does_not_fit);
        }));
}

}  // namespace u65sim
