// What the renderers of a validation share: names, numbers, and rows arranged in sections.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <u65sim/validate.hpp>

namespace u65sim::validation {

/// "zoo:rnnoise" and "${DIR}/rnnoise.tflite" are both "rnnoise".
std::string network_name(const std::string& network);
/// A preset's name, or a target file's without its ending.
std::string target_name(const std::string& target);
/// "1,234,567" for counts, "6.320" for milliseconds.
std::string figure(double value, std::string_view counter);
/// "+1.25 %".
std::string signed_percent(double value);
/// What the row's reference is, e.g. "<= 0.370".
std::string reference(const ValidationRow& row);
/// The last column of a row: its error, whether it keeps to its bound, or why there is none.
std::string verdict(const ValidationResult& result);
/// "0.101 to 0.131", with "!" behind where a figure's reference lies outside; empty without.
std::string range(const ValidationResult& result);
/// "mean <= 2 %, worst <= 5 %"; empty without a goal.
std::string goal(const ValidationSummary& summary);
/// "met", "missed", or "-".
std::string_view goal_state(const ValidationSummary& summary);

/// Rows of one group by one producer, in the plan's order.
struct Section {
    std::string group, producer;
    bool bounds = false;  ///< no errors are counted here
    std::vector<const ValidationResult*> results;
};

/// Sections in the order they first appear. `validation` must outlive them.
std::vector<Section> sections(const Validation& validation);

/// A reason some rows were left out, and how many; each reason once.
struct LeftOut {
    std::string status, reason;
    std::vector<const ValidationResult*> results;
};
std::vector<LeftOut> left_out(const Validation& validation);

/// Each source once, in the plan's order.
std::vector<std::string> sources(const Validation& validation);

}  // namespace u65sim::validation
