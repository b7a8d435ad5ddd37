// One item of a study -> its rows.
#pragma once

#include <functional>
#include <vector>

#include <u65sim/study.hpp>

#include "study/changes.hpp"
#include "study/plan.hpp"

namespace u65sim::study {

/// Simulates one point. Whatever is wrong with it becomes the row's status and reason.
StudyRow evaluate_point(const Study::Plan& plan, const Settings& settings, Networks& networks);

/// A point is one row; a search one for each probe, the answer last.
std::vector<StudyRow> evaluate_item(const Study::Plan& plan, std::size_t item, Networks& networks);

/// Bisects the search's values, `probe` telling the row of each. Assumes that the conditions hold
/// from one end of the values to a single border.
std::vector<StudyRow> bisect(const Search& search,
                             const std::function<StudyRow(const std::string& value)>& probe);

}  // namespace u65sim::study
