// What a report says that studies compare.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <u65sim/report.hpp>
#include <u65sim/study.hpp>

#include "study/energy.hpp"

namespace u65sim::study {

/// Index into study_measures(); nothing for an unknown name.
std::optional<std::size_t> find_measure(std::string_view key);

/// Every measure of study_measures(), in its order; energies are nothing without a table.
std::vector<std::optional<double>> measure(const Report& report,
                                           const std::optional<EnergyTable>& energy);

/// Where effort quick says that each of them is in a simulation's report: what follows from cycles
/// lies within its interval, what counts the network is the same, and of the rest nothing is known.
/// `quick` has an interval and runs on the NPU.
std::vector<std::optional<StudyBounds>> bounds(Report quick);

}  // namespace u65sim::study
