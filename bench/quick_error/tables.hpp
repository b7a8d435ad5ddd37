// What was measured, for docs/oracle.md and for the library.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "oracle/quick_error.hpp"
#include "samples.hpp"

namespace quick_error {

/// By family and target: the share (0 to 1) of networks that intervals fitted without their family
/// held.
using HeldByOthers = std::map<std::pair<std::string, std::string>, double>;

/// Two tables: the error in each space, and the interval of each class.
std::string markdown(const std::vector<Space>& spaces,
                     const std::vector<u65sim::oracle::QuickError>& rows,
                     const HeldByOthers& held_by_others);

/// `sim/oracle/quick_error_table.inc`.
std::string table(const std::vector<u65sim::oracle::QuickCorrection>& corrections,
                  const std::vector<u65sim::oracle::QuickError>& rows);

}  // namespace quick_error
