// The block of one operation.
#pragma once

#include "compile/plan/shram.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// How an operation uses the shared buffer.
ShramUser shram_user(const NpuOp& op);
/// Gives an operation its block and what follows from it. Throws InvalidModel when none fits.
void choose_block(NpuOp& op, const CompileContext& context);

}  // namespace u65sim::compiler
