// The largest or smallest value that keeps a search's conditions.
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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

/// Whether a row keeps the conditions; nothing where an estimated one may or may not. Whether an
/// estimated point fits is left to the simulation of the border.
std::optional<bool> verdict(const Search& search, const StudyRow& row) {
    const bool is_estimated = row.status == StudyRow::Status::estimated;
    if (row.status != StudyRow::Status::measured && !is_estimated) return false;
    bool is_known = true;
    for (const Condition& condition : search.conditions) {
        const auto& value = row.measures.at(condition.measure);
        if (!value) return false;
        if (!is_estimated) {
            if (!holds(condition, *value)) return false;
            continue;
        }
        const auto& bounds = row.bounds.at(condition.measure);
        if (!bounds) {
            is_known = false;
            continue;
        }
        const bool is_equal = condition.comparison == "==";
        const bool least = holds(condition, bounds->least);
        const bool most = holds(condition, bounds->most);
        const bool is_between = bounds->least < condition.limit && condition.limit < bounds->most;
        if (!least && !most && !(is_equal && is_between)) return false;
        is_known &= least && most;
    }
    if (!is_known) return std::nullopt;
    return true;
}

std::string asked(const Search& search) {
    std::vector<std::string> texts{"fits"};
    for (const Condition& condition : search.conditions) texts.push_back(condition.text);
    return fmt::format("{}", fmt::join(texts, " and "));
}

class Bisection {
public:
    Bisection(const Search& search, const Probe& probe)
        : search_(search), probe_(probe), count_(search.values.size()) {}

    std::vector<StudyRow> run() {
        // What was simulated beside the border may move it.
        while (true) {
            walk();
            const bool is_good_new = good_ && simulate(*good_);
            const bool is_bad_new = bad_ && simulate(*bad_);
            if (!is_good_new && !is_bad_new) break;
        }
        StudyRow answer = good_ ? found() : none();
        rows_.push_back(std::move(answer));
        return std::move(rows_);
    }

private:
    /// Position 0 is the value most likely to hold, the last one that which is wanted most.
    [[nodiscard]] const std::string& at(std::size_t position) const {
        return search_.values[search_.largest ? position : count_ - 1 - position];
    }

    /// Where the conditions last hold, and where they first do not.
    void walk() {
        good_.reset();
        bad_.reset();
        if (!keeps(0)) {
            bad_ = 0;
            return;
        }
        good_ = 0;
        if (count_ == 1) return;
        if (keeps(count_ - 1)) {
            good_ = count_ - 1;
            return;
        }
        bad_ = count_ - 1;
        while (*bad_ - *good_ > 1) {
            const std::size_t middle = *good_ + (*bad_ - *good_) / 2;
            (keeps(middle) ? good_ : bad_) = middle;
        }
    }

    bool keeps(std::size_t position) {
        if (!row_of_.contains(position)) {
            std::optional<StudyRow> row = probe_.estimate(at(position));
            add(position, row ? std::move(*row) : probe_.simulate(at(position)));
        }
        if (const auto known = verdict(search_, row(position))) return *known;
        simulate(position);
        return *verdict(search_, row(position));
    }

    void add(std::size_t position, StudyRow row) {
        row.role = StudyRow::Role::probe;
        row_of_[position] = rows_.size();
        rows_.push_back(std::move(row));
    }
    [[nodiscard]] StudyRow& row(std::size_t position) { return rows_[row_of_.at(position)]; }

    /// Whether that was new.
    bool simulate(std::size_t position) {
        StudyRow& old = row(position);
        if (old.status != StudyRow::Status::estimated) return false;
        StudyRow simulated = probe_.simulate(at(position));
        simulated.role = old.role;
        simulated.bounds = std::move(old.bounds);
        old = std::move(simulated);
        return true;
    }

    StudyRow found() {
        const std::string why = bad_          ? fmt::format(" ({} does not)", at(*bad_))
                                : count_ == 1 ? " (the only value)"
                                              : " (the last value)";
        StudyRow answer = row(*good_);
        answer.role = StudyRow::Role::answer;
        answer.bounds.clear();
        answer.reason =
            fmt::format("{} {} of {} .. {} that {}: {}{}", search_.largest ? "largest" : "smallest",
                        search_.key, search_.values.front(), search_.values.back(), asked(search_),
                        at(*good_), why);
        return answer;
    }

    StudyRow none() {
        StudyRow answer;
        answer.role = StudyRow::Role::answer;
        answer.status = StudyRow::Status::unanswered;
        answer.reason =
            fmt::format("no {} of {} .. {} {}; not even {}", search_.key, search_.values.front(),
                        search_.values.back(), asked(search_), at(0));
        if (!row(0).reason.empty()) answer.reason += ": " + row(0).reason;
        return answer;
    }

    const Search& search_;
    const Probe& probe_;
    const std::size_t count_;
    std::vector<StudyRow> rows_;
    std::map<std::size_t, std::size_t> row_of_;  ///< by position
    std::optional<std::size_t> good_, bad_;
};

}  // namespace

std::vector<StudyRow> bisect(const Search& search, const Probe& probe) {
    return Bisection(search, probe).run();
}

}  // namespace u65sim::study
