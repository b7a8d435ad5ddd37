#include "study/records.hpp"

#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "study/journal.hpp"

namespace u65sim::study {

Records::Records(const Study& study, const std::vector<std::string>& lines)
    : ledger_(study, shard_items(study, 0, 1), false) {
    const bool has_passes = study.plan().simulates_front;
    std::map<std::size_t, std::vector<StudyRow>> first;
    std::map<std::size_t, std::vector<StudyRow>> simulated;
    for (std::size_t at = 0; at < lines.size(); ++at) {
        std::vector<StudyRow> rows;
        try {
            rows = rows_of(study.plan(), lines[at]);
        } catch (const InvalidConfig& error) {
            throw InvalidConfig(fmt::format("record {}: {}", at, error.what()));
        }
        const std::size_t item = rows.front().item;
        const bool is_first = !has_passes || is_estimated(rows);
        const auto [line, is_new] = (is_first ? first_ : simulated_).emplace(item, &lines[at]);
        if (!is_new && *line->second != lines[at]) {
            throw InvalidConfig(fmt::format("record {}: item {} has two that differ", at, item));
        }
        if (is_new) (is_first ? first : simulated).emplace(item, std::move(rows));
    }
    for (auto& [item, rows] : first) ledger_.take(std::move(rows));
    for (auto& [item, rows] : simulated) {
        // Effort quick had no answer: the first pass simulated the point.
        if (!first_.contains(item)) first_.emplace(item, simulated_.at(item));
        ledger_.take(std::move(rows));
    }
}

std::vector<const std::string*> Records::lines() const {
    std::vector<const std::string*> all;
    for (const auto& [item, line] : first_) all.push_back(line);
    for (const std::size_t item : ledger_.settled()) all.push_back(simulated_.at(item));
    return all;
}

}  // namespace u65sim::study
