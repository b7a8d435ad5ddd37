#include "study/front.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

namespace u65sim::study {
namespace {

bool is_on_fronts(const StudyRow& row) {
    return row.role == StudyRow::Role::point || row.role == StudyRow::Role::answer;
}

}  // namespace

std::optional<Corner> corner_of(const Study::Plan& plan, const StudyRow& row) {
    if (row.status != StudyRow::Status::measured || !is_on_fronts(row)) return std::nullopt;
    Corner corner;
    for (const Objective& each : plan.pareto) {
        const auto& value = row.measures.at(each.measure);
        if (!value) return std::nullopt;
        corner.push_back(each.larger_is_better ? -*value : *value);
    }
    return corner;
}

std::optional<Corner> best_corner_of(const Study::Plan& plan, const StudyRow& row) {
    if (row.status != StudyRow::Status::estimated || !is_on_fronts(row)) return std::nullopt;
    Corner corner;
    for (const Objective& each : plan.pareto) {
        if (!row.measures.at(each.measure)) return std::nullopt;
        const auto& bounds = row.bounds.at(each.measure);
        corner.push_back(!bounds                 ? -std::numeric_limits<double>::infinity()
                         : each.larger_is_better ? -bounds->most
                                                 : bounds->least);
    }
    return corner;
}

bool beats(const Corner& left, const Corner& right) {
    bool is_better = false;
    for (std::size_t at = 0; at < left.size(); ++at) {
        if (left[at] > right[at]) return false;
        is_better |= left[at] < right[at];
    }
    return is_better;
}

std::vector<bool> front_of(const std::vector<Corner>& corners) {
    // Whoever beats a corner comes before it in the order of the first objective, then the second.
    std::vector<std::size_t> order(corners.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return corners[a] < corners[b]; });
    std::vector<bool> is_on(corners.size());
    std::vector<std::size_t> front;
    for (const std::size_t each : order) {
        is_on[each] = std::none_of(front.rbegin(), front.rend(), [&](std::size_t other) {
            return beats(corners[other], corners[each]);
        });
        if (is_on[each]) front.push_back(each);
    }
    return is_on;
}

void FrontSearch::add(const StudyRow& row) {
    if (auto best = best_corner_of(plan_, row)) open_.push_back({row.item, std::move(*best)});
    if (auto corner = corner_of(plan_, row)) measured_.push_back(std::move(*corner));
}

void FrontSearch::remove_beaten(const std::vector<Corner>& measured) {
    const std::vector<bool> front = front_of(measured);
    const auto is_beaten = [&](const Open& open) {
        for (std::size_t at = 0; at < measured.size(); ++at) {
            if (front[at] && beats(measured[at], open.best)) return true;
        }
        return false;
    };
    std::erase_if(open_, is_beaten);
}

std::vector<std::size_t> FrontSearch::layer() {
    remove_beaten(std::exchange(measured_, {}));
    std::vector<Corner> corners;
    for (const Open& each : open_) corners.push_back(each.best);
    const std::vector<bool> front = front_of(corners);
    std::vector<std::size_t> items;
    for (std::size_t at = 0; at < open_.size(); ++at) {
        if (front[at]) items.push_back(open_[at].item);
    }
    return items;
}

void FrontSearch::close(const std::vector<const StudyRow*>& rows) {
    std::set<std::size_t> closed;
    for (const StudyRow* row : rows) {
        closed.insert(row->item);
        if (auto corner = corner_of(plan_, *row)) measured_.push_back(std::move(*corner));
    }
    std::erase_if(open_, [&](const Open& open) { return closed.contains(open.item); });
}

}  // namespace u65sim::study
