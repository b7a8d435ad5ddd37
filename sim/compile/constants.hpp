// The constants region while it grows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Adds bytes at a multiple of 16, or finds them there already. Returns their offset.
std::int64_t append_constant(Program& program, std::span<const std::uint8_t> bytes);
/// Lays a depth slice out; it goes to the constants by store_slices.
WeightSlice make_slice(const Program& program, const NpuOp& op, std::int32_t first,
                       std::int32_t count);
/// All channels of an operation as one slice, for planning: of large weights the size is sampled,
/// as they are mostly sliced later.
WeightSlice make_whole(const Program& program, const NpuOp& op);
/// Bytes to keep for a slice while its size may be sampled.
std::int64_t room_for(const WeightSlice& slice);
/// Finds the sizes of the operations' slices where they are sampled.
void count_sampled(const Program& program, std::span<NpuOp* const> ops);
/// Hands the slices of first stripes to the later ones.
void share_slices(Program& program);
/// Lays out slices of these depths, one behind the other.
std::vector<WeightSlice> make_slices(const Program& program, const NpuOp& op,
                                     std::span<const std::int32_t> depths);
/// Gives every operation's slices their places in the constants, and encodes them where constants
/// have bytes, once it is known how they are sliced.
void store_slices(Program& program);

}  // namespace u65sim::compiler
