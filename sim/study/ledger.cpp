#include "study/ledger.hpp"

#include <utility>

namespace u65sim::study {

bool is_estimated(const std::vector<StudyRow>& rows) {
    return rows.size() == 1 && rows.front().role == StudyRow::Role::point &&
           rows.front().status == StudyRow::Status::estimated;
}

Ledger::Ledger(const Study& study, std::vector<std::size_t> items, bool is_shard)
    : study_(study),
      items_(std::move(items)),
      searches_front_(study.plan().simulates_front && !is_shard),
      front_(study_.plan()) {}

void Ledger::take(std::vector<StudyRow> rows) {
    const std::size_t item = rows.at(0).item;
    const bool is_first = is_estimated(rows) || !first_.contains(item);
    (is_first ? first_ : simulated_)[item] = std::move(rows);
}

std::vector<Task> Ledger::left() {
    std::vector<Task> tasks;
    if (first_.size() < items_.size()) {
        for (const std::size_t item : items_) {
            if (!first_.contains(item)) tasks.push_back({item, Pass::first});
        }
        return tasks;
    }
    return searches_front_ ? left_of_front() : tasks;
}

std::vector<Task> Ledger::left_of_front() {
    if (!is_front_begun_) {
        for (const auto& [item, rows] : first_) {
            for (const StudyRow& row : rows) front_.add(row);
        }
        layer_ = front_.layer();
        is_front_begun_ = true;
    }
    std::vector<Task> tasks;
    while (tasks.empty() && !layer_.empty()) {
        std::vector<const StudyRow*> rows;
        for (const std::size_t item : layer_) {
            const auto found = simulated_.find(item);
            if (found == simulated_.end()) {
                tasks.push_back({item, Pass::exact});
            } else {
                rows.push_back(&found->second.front());
            }
        }
        if (!tasks.empty()) break;
        front_.close(rows);
        settled_.insert(settled_.end(), layer_.begin(), layer_.end());
        layer_ = front_.layer();
    }
    return tasks;
}

StudyResults Ledger::results() && {
    for (const std::size_t item : settled_) {
        StudyRow& row = simulated_.at(item).front();
        row.bounds = std::move(first_.at(item).front().bounds);
        first_.at(item).front() = std::move(row);
    }
    StudyResults results{study_, {}};
    for (auto& [item, rows] : first_) {
        for (StudyRow& row : rows) results.rows.push_back(std::move(row));
    }
    return results;
}

}  // namespace u65sim::study
