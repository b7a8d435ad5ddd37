// What is done of a study, and what is left.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/study.hpp>

#include "study/front.hpp"
#include "study/plan.hpp"

namespace u65sim::study {

/// Takes the rows of items in any order and says what to do next. That depends on the study and on
/// what its points take alone: not on who does them, nor in which order.
class Ledger {
public:
    /// Of all items, or of those of one shard, which leaves the search for a front to others.
    Ledger(const Study& study, std::vector<std::size_t> items, bool is_shard);

    /// What has no rows yet, in the order of a journal's lines; none: the study is done. Behind
    /// the items come, for a study that simulates its front alone, the layers of FrontSearch.
    std::vector<Task> left();

    /// Rows of one item: a second time for an item whose rows were estimated and now are simulated.
    void take(std::vector<StudyRow> rows);

    /// Items that were simulated after effort quick estimated them, in the order in which left()
    /// named them.
    [[nodiscard]] const std::vector<std::size_t>& settled() const { return settled_; }

    /// In the order of the items. Where points were simulated after effort quick estimated them,
    /// their rows keep its bounds.
    StudyResults results() &&;

private:
    std::vector<Task> left_of_front();

    Study study_;
    std::vector<std::size_t> items_;
    bool searches_front_ = false;
    std::map<std::size_t, std::vector<StudyRow>> first_, simulated_;
    FrontSearch front_;
    bool is_front_begun_ = false;
    std::vector<std::size_t> layer_;
    std::vector<std::size_t> settled_;
};

/// Whether the rows of an item are one by effort quick.
bool is_estimated(const std::vector<StudyRow>& rows);

}  // namespace u65sim::study
