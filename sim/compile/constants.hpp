// The constants region while it grows.
#pragma once

#include <cstdint>
#include <span>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Adds bytes at a multiple of 16, or finds them there already. Returns their offset.
std::int64_t append_constant(Program& program, std::span<const std::uint8_t> bytes);
/// Lays a depth slice out; it goes to the constants by store_slices.
WeightSlice make_slice(const Program& program, const NpuOp& op, std::int32_t first,
                       std::int32_t count);
/// Gives every operation's slices their places in the constants, and encodes them where constants
/// have bytes, once it is known how they are cut.
void store_slices(Program& program);

}  // namespace u65sim::compiler
