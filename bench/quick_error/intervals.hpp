// Intervals around effort quick's corrected cycles, fitted to samples.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "oracle/quick_error.hpp"
#include "samples.hpp"

namespace quick_error {

/// The rows of the library's table: of classes with enough networks, fitted to the odd seeds of all
/// families but `left_out` as others correct them. An interval is the widest that any family needs
/// that is new to the correction, so that one whose networks are harder is not outvoted.
std::vector<u65sim::oracle::QuickError> fit_intervals(const std::vector<Space>& spaces,
                                                      const std::set<std::string>& left_out = {});

/// Whether the interval of a sample's class holds a ratio of simulated to corrected cycles; a class
/// without a row takes the widest one.
bool is_held(const std::vector<u65sim::oracle::QuickError>& rows, const Sample& sample,
             double ratio);

/// The value that a part (0 to 1) of them do not exceed; of at least one value.
double quantile(std::vector<double> values, double part);

}  // namespace quick_error
