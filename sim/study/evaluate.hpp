// One item of a study -> its rows.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <u65sim/study.hpp>

#include "study/changes.hpp"
#include "study/plan.hpp"

namespace u65sim::study {

/// Simulates one point, or answers it by the effort that the study asks for. Whatever is wrong with
/// it becomes the row's status and reason.
StudyRow evaluate_point(const Study::Plan& plan, const Settings& settings, Networks& networks);

/// The same by effort quick, with bounds; nothing where its bounds are not known to hold: other
/// options of the compiler, another effort than normal, hardware that does not exist, and points
/// that it cannot answer.
std::optional<StudyRow> estimate_point(const Study::Plan& plan, const Settings& settings,
                                       Networks& networks);

/// A point is one row; a search one for each probe, the answer last.
std::vector<StudyRow> evaluate_item(const Study::Plan& plan, const Task& task, Networks& networks);

/// How a search asks for the row of a value.
struct Probe {
    std::function<StudyRow(const std::string& value)> simulate;
    std::function<std::optional<StudyRow>(const std::string& value)> estimate;
};

/// Bisects the search's values. Assumes that the conditions hold from one end of the values to a
/// single border. Values are estimated where that decides; the two beside the border are
/// simulated. Rows are in the order in which values came up.
std::vector<StudyRow> bisect(const Search& search, const Probe& probe);

}  // namespace u65sim::study
