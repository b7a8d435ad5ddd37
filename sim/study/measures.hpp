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

}  // namespace u65sim::study
