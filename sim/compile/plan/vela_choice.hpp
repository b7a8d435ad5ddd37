// Which maps Vela keeps in a dedicated SRAM.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compile/plan/allocate.hpp"

namespace u65sim::compiler {

/// For each of `maps` whether it stays in a memory of `limit` bytes beside what `must` be there: of
/// the sets that fit at every time, the one with the largest sum of `accesses`, and the first one
/// found where several are as large. Places do not count, only sizes. Maps that never fit beside
/// what must be there compete all the same, and are left out afterwards, as in the schedules that
/// Vela prints.
std::vector<bool> choose_as_vela(std::span<const Lifetime> must, std::span<const Lifetime> maps,
                                 std::span<const double> accesses, std::int64_t limit);

}  // namespace u65sim::compiler
