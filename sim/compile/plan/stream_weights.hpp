// Weights on their way through the fast memory: copied as early as there is room, in the order of
// their use, whole or in depth slices, or read where they are.
#pragma once

#include <cstdint>
#include <vector>

#include "compile/plan/allocate.hpp"
#include "compile/plan/slice_places.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// Finds every operation's weights a form: buffered whole, in slices that come and go, or read
/// from the constants, whichever is predicted to end first. `maps` are the lifetimes placed in
/// the fast memory of `limit` bytes without weights; where a slice has a buffer already, that
/// place is kept when nothing better is found. Operations in slices take more positions of
/// the execution order, so all times of the program are counted anew.
void stream_weights(PlannedProgram& program, std::vector<Lifetime> maps, std::int64_t limit,
                    int fast_region, SlicePlaces places = SlicePlaces::final);

}  // namespace u65sim::compiler
