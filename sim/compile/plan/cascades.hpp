// Which operations run in stripes, and their operations replaced by these.
#pragma once

#include <vector>

#include "compile/plan/cascade_search.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// The ranges of each segment, in order.
using Cascades = std::vector<std::vector<Range>>;

/// Whether any range is a cascade.
bool has_cascades(const Cascades& cascades);
/// Replaces the operations of each cascade by their stripes, and makes the maps between them
/// rolling buffers. Without ranges nothing happens.
void apply_cascades(Program& program, const Cascades& cascades);

}  // namespace u65sim::compiler
