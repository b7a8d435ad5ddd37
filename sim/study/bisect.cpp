// The largest or smallest value that keeps a search's conditions.
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "study/evaluate.hpp"

namespace u65sim::study {
namespace {

bool holds(const Condition& condition, double value) {
    if (condition.comparison == "<") return value < condition.limit;
    if (condition.comparison == "<=") return value <= condition.limit;
    if (condition.comparison == "==") return value == condition.limit;
    if (condition.comparison == ">=") return value >= condition.limit;
    return value > condition.limit;
}

bool holds(const Search& search, const StudyRow& row) {
    if (row.status != StudyRow::Status::measured) return false;
    for (const Condition& condition : search.conditions) {
        const auto& value = row.measures.at(condition.measure);
        if (!value || !holds(condition, *value)) return false;
    }
    return true;
}

std::string asked(const Search& search) {
    std::vector<std::string> texts{"fits"};
    for (const Condition& condition : search.conditions) texts.push_back(condition.text);
    return fmt::format("{}", fmt::join(texts, " and "));
}

}  // namespace

std::vector<StudyRow> bisect(const Search& search,
                             const std::function<StudyRow(const std::string& value)>& probe) {
    std::vector<StudyRow> rows;
    const std::size_t count = search.values.size();
    // Position 0 is the value most likely to hold, count - 1 the one that is wanted most.
    const auto at = [&](std::size_t position) {
        return search.values[search.largest ? position : count - 1 - position];
    };
    const auto keeps = [&](std::size_t position) {
        rows.push_back(probe(at(position)));
        rows.back().role = StudyRow::Role::probe;
        return holds(search, rows.back());
    };
    const auto answer = [&](std::size_t position, std::size_t row, const std::string& why) {
        StudyRow found = rows[row];
        found.role = StudyRow::Role::answer;
        found.reason = fmt::format(
            "{} {} of {} .. {} that {}: {}{}", search.largest ? "largest" : "smallest", search.key,
            search.values.front(), search.values.back(), asked(search), at(position), why);
        rows.push_back(std::move(found));
        return rows;
    };
    if (!keeps(0)) {
        StudyRow none;
        none.role = StudyRow::Role::answer;
        none.status = StudyRow::Status::unanswered;
        none.reason =
            fmt::format("no {} of {} .. {} {}; not even {}", search.key, search.values.front(),
                        search.values.back(), asked(search), at(0));
        if (!rows.front().reason.empty()) none.reason += ": " + rows.front().reason;
        rows.push_back(std::move(none));
        return rows;
    }
    std::size_t good = 0;
    std::size_t good_row = 0;
    if (count == 1) return answer(0, 0, " (the only value)");
    if (keeps(count - 1)) return answer(count - 1, rows.size() - 1, " (the last value)");
    std::size_t bad = count - 1;
    while (bad - good > 1) {
        const std::size_t middle = good + (bad - good) / 2;
        if (keeps(middle)) {
            good = middle;
            good_row = rows.size() - 1;
        } else {
            bad = middle;
        }
    }
    return answer(good, good_row, fmt::format(" ({} does not)", at(bad)));
}

}  // namespace u65sim::study
