// The cycles that Vela 5.2 counts for an operation and a copy when it plans: the performance model
// that it publishes (ethos_u55_performance.cpp of ethos-u-vela 5.2).
#pragma once

#include <cstdint>
#include <span>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// What of an operation is counted, and where it lies meanwhile.
struct VelaPart {
    std::int32_t depth = 0;     ///< channels of the result
    bool first = true;          ///< its first block's input is waited for
    bool last = true;           ///< and its last block's result
    bool weights_fast = false;  ///< weights and scales are in the SRAM
    bool ifm_fast = false;      ///< and its first map, whatever the memory mode
};

/// Cycles of a part of an operation of any kind. Without a dedicated SRAM maps are in the SRAM,
/// else off-chip unless they are copies there.
std::int64_t vela_cycles(const Program& program, const NpuOp& op, const VelaPart& part);
/// Cycles of all of it, with its weights where they are.
std::int64_t vela_cycles(const Program& program, const NpuOp& op);

/// Elements that an operation accesses.
struct VelaAccesses {
    std::int64_t ifm = 0, ifm2 = 0, ofm = 0;
    std::int64_t weight_passes = 0;  ///< how often it reads all of its weights
};
VelaAccesses vela_accesses(const Program& program, const NpuOp& op, std::int32_t depth);

/// How an operation with weights does when these come in slices or not at all.
struct VelaPerformance {
    std::int64_t weight_bytes = 0, ifm_bytes = 0;  ///< read
    std::int64_t ifm_size = 0;                     ///< bytes of its first map
    std::int64_t run = 0;                          ///< cycles with its weights there
    std::int64_t waits = 0;                        ///< cycles of copies that nothing hides
    std::int64_t weight_cycles = 0, ifm_cycles = 0;
    std::int64_t last_slice = 0;  ///< cycles
    [[nodiscard]] bool is_bound_by_itself() const {
        return run > weight_cycles && run > ifm_cycles;
    }
};

/// Slices of an operation's weights, and what hides their copies.
struct VelaSlices {
    std::span<const std::int32_t> depths;  ///< channels of each
    std::span<const std::int64_t> sizes;   ///< bytes of each
    bool copied = false;                   ///< to the SRAM; else one, read where it is
    bool twice = false;                    ///< in two buffers that take turns
    bool ifm_fast = false;                 ///< the first map is in the SRAM
    std::int64_t slack = 0;                ///< cycles that hide the first copy
};
VelaPerformance vela_performance(const Program& program, const NpuOp& op, const VelaSlices& slices);

/// Cycles of a copy of so many bytes to the SRAM.
std::int64_t vela_copy_cycles(const Target& target, std::int64_t bytes);
/// Cycles of a read of so many bytes.
std::int64_t vela_read_cycles(const Target& target, const Memory& memory, std::int64_t bytes);

}  // namespace u65sim::compiler
