// Several operators as one look-up table.
#pragma once

#include <cstdint>
#include <vector>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Looks for operators that follow the result of operator `index` element by element, for
/// Program::curves: as the output stage of that operator, or as a look-up of their own.
void fuse_curves(Program& program, std::int32_t index);

/// Gives chains of float32 operators between 8 bits to the NPU, for Program::curves. Wants
/// decisions.
void take_float_chains(Program& program);

/// Refuses those that segments have parted.
void refuse_parted_chains(Program& program);

/// The table of such operators, run by the reference kernels on all 256 values. The map in front
/// has passed the clamp `before`. Throws NotExecutable where an operator has no kernel.
std::vector<std::uint8_t> table_of(const Program& program, const FusedCurve& curve,
                                   Activation before);

}  // namespace u65sim::compiler
