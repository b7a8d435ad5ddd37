// A point of a study by itself, as a line of JSON.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <u65sim/study.hpp>

#include "study/plan.hpp"

namespace u65sim::study {

/// All that answering the task takes, but files.
std::string to_text(const Study::Plan& plan, const Task& task);

/// A plan that has what answering the one task takes, and nothing else.
struct PointPlan {
    Study::Plan plan;      ///< of one item
    std::size_t item = 0;  ///< of the study that it is from
    std::string here;  ///< what the study's relative paths began with, "" for a study of full ones
};
/// Throws InvalidConfig for a text that is no point, and for one of another version.
PointPlan from_text(std::string_view text);

}  // namespace u65sim::study
