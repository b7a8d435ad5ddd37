// The arena over time as a drawing.
#pragma once

#include <string>

#include <u65sim/compile.hpp>

namespace u65sim::cli {

/// An SVG of what lives in the SRAM: positions in execution order to the right, addresses upwards.
std::string arena_svg(const CompiledNetwork& network);

}  // namespace u65sim::cli
