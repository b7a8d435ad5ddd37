// The correction of effort quick's closed form, fitted to samples.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "oracle/quick_error.hpp"
#include "samples.hpp"

namespace quick_error {

/// A row for each memory mode and number of cores, fitted to the odd seeds of all families but
/// `left_out`.
std::vector<u65sim::oracle::QuickCorrection> fit_corrections(
    const std::vector<Space>& spaces, const std::set<std::string>& left_out = {});

/// Sets Sample::quick of all samples.
void correct(std::vector<Space>& spaces,
             const std::vector<u65sim::oracle::QuickCorrection>& corrections);

/// Sets Sample::by_others of all samples: corrected as a family is that nobody had measured, and
/// without `left_out`.
void correct_by_others(std::vector<Space>& spaces, const std::set<std::string>& left_out = {});

}  // namespace quick_error
