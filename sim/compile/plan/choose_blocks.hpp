// The block search, for those who want one operation's answer.
#pragma once

#include <optional>

#include <u65sim/target.hpp>

#include "compile/plan/shram.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// How an operation uses the shared buffer.
ShramUser shram_user(const NpuOp& op);
/// Gives an operation its block and what follows from it. Throws InvalidModel when none fits.
void choose_block(NpuOp& op, const Target& target, const Architecture& arch);
/// The block with the fewest bytes fetched per output element; nothing when none fits. Answers
/// are kept for the process's life; safe from several threads.
std::optional<BlockShape> find_block(const ShramUser& user, const Accelerator& accelerator,
                                     const Architecture& arch);

}  // namespace u65sim::compiler
