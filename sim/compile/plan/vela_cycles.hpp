// The cycles that Vela counts for an operation and a copy when it plans.
#pragma once

#include <cstdint>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// Cycles of an operation with its weights where they are, by the performance model that Vela
/// publishes (npu_performance.py of ethos-u-vela), with maps off-chip where the SRAM is dedicated:
/// as they lie when it plans. Half of those of convolutions that 5.2 prints
/// (`--verbose-schedule`) are met within 1 %, three of four within 6 %.
std::int64_t vela_cycles(const Program& program, const NpuOp& op);
/// The same for so many of a convolution's channels.
std::int64_t vela_cycles(const Program& program, const NpuOp& op, std::int32_t depth);
/// And with their weights in the SRAM.
std::int64_t vela_slice_cycles(const Program& program, const NpuOp& op, std::int32_t depth);

/// Bytes of its first map that Vela lets such an operation read: a block's for each block of the
/// result and each part of the kernel.
std::int64_t vela_input_bytes(const Program& program, const NpuOp& op);

/// Cycles of a copy of so many bytes to the SRAM.
std::int64_t vela_copy_cycles(const Target& target, std::int64_t bytes);

}  // namespace u65sim::compiler
