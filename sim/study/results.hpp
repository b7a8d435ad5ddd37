// What the renderers of a study share.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <u65sim/study.hpp>

#include "report/chart.hpp"

namespace u65sim::study {

/// A row's value of a key: the last one set; nothing where it is not set.
std::optional<std::string> setting_of(const StudyRow& row, const std::string& key);
/// Keys that differ between points, in the axes' order, the search's key behind them.
std::vector<std::string> varied_keys(const Study::Plan& plan);
/// A row's measure by name.
std::optional<double> measure_of(const Study::Plan& plan, const StudyRow& row,
                                 const std::string& name);
/// The unit of a measure, "" for known figures.
std::string unit_of(const std::string& measure);
/// "1,234,567" for whole numbers, four significant digits for others.
std::string figure(double value);
/// "sram.size 512KiB, dram.bandwidth 2".
std::string point_name(const StudyRow& row, const std::vector<std::string>& keys);
/// "vgg19_cifar100, bandwidth 2": for legends.
std::string short_name(const StudyRow& row, const std::vector<std::string>& keys);
/// Rows that a reader looks at first: points, or the answers of searches.
std::vector<const StudyRow*> main_rows(const StudyResults& results);

/// The plots that the study asks for, or shows by itself.
std::vector<report::Chart> charts(const StudyResults& results);
/// How many points effort quick left to simulate, as a sentence; "" where it was not asked.
std::string effort_text(const StudyResults& results);

/// The effect of one field's change on one point.
struct Sensitivity {
    std::size_t point = 0;
    std::string varied;  ///< "dram.bandwidth 3.75 -> 4.75"
    double percent = 0.0;
    double before = 0.0, after = 0.0;  ///< latency, milliseconds
};
/// In the order of size of their effect, point by point.
std::vector<Sensitivity> sensitivities(const StudyResults& results);

/// The latency of a point whose target's numbers are uncertain. Milliseconds.
struct Interval {
    std::size_t point = 0;
    /// Fewer samples tell nothing about the ends of a range that nine of ten lie in.
    static constexpr std::size_t least_samples = 20;
    std::size_t samples = 0;                     ///< measured ones
    double stated = 0.0;                         ///< with the numbers as they are
    double low = 0.0, median = 0.0, high = 0.0;  ///< 5, 50 and 95 percent of the samples below
    double least = 0.0, most = 0.0;
    [[nodiscard]] bool is_known() const { return samples >= least_samples; }
};
std::vector<Interval> intervals(const StudyResults& results);

/// Assumptions of all rows about hardware that does not exist, each once.
std::vector<std::string> hypotheses(const StudyResults& results);

}  // namespace u65sim::study
