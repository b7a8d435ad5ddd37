// Which of more candidates than there is room for live in a memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compile/plan/allocate.hpp"

namespace u65sim::compiler {

/// Places `items` in a memory of `limit` bytes: those in front that have an offset stay where they
/// are, those behind are candidates, of which each has a benefit; many get none, so that the sum of
/// the benefits of the others becomes large. Several orders are tried, then what was left out gets
/// earlier turns. Seeded: same items, same answer.
void place_candidates(std::vector<Lifetime>& items, std::span<const double> benefits,
                      std::int64_t limit);

}  // namespace u65sim::compiler
