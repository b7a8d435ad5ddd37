// A kernel operation on its way through the pipeline, and the pieces of work units hand on.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "machine/channels/transfer.hpp"
#include "machine/units/scheduler.hpp"
#include "stream/operation.hpp"
#include "timing/traversal.hpp"

namespace u65sim::machine {
/// One issued kernel operation.
struct KernelRun {
    const stream::KernelOp* op = nullptr;
    timing::Traversal traversal;
    std::uint32_t operation = 0;  ///< record index
    Time ready = 0;               ///< issue plus set-up: its first IFM load not before
    std::int64_t blocks = 0;
    std::int64_t blocks_done = 0;  ///< last write answered
    // Weights count in one sequence of bytes over all kernels, scales in one of blocks.
    std::int64_t weight_base = 0;  ///< where this kernel's first byte stands
    std::int64_t weight_pass = 0;  ///< bytes read for each block position
    bool uses_scales = false;

    [[nodiscard]] std::int64_t unfinished() const { return blocks - blocks_done; }
    [[nodiscard]] bool is_elementwise() const {
        return op->kind == stream::KernelKind::elementwise;
    }
};

/// What the output unit does for one OFM block.
struct BlockWork {
    std::int64_t kernel = 0;
    std::int64_t cycles = 0;  ///< of the output unit
    timing::Access access;    ///< its write
    bool uses_scales = false;
    std::int32_t number = 0;  ///< in order of traversal

    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state) {
        state.kernel(kernel);
        state.number(cycles);
        state.access(access);
        state.number(uses_scales);
    }
};

/// One IFM load and what follows from it: a job of the MAC array or a block of an elementwise
/// operation. It occupies its place in the IFM buffer until it is consumed.
struct Job {
    std::int64_t kernel = 0;
    std::array<Transfer, 2> loads{};  ///< IFM and, for binary elementwise, IFM2
    Time stored = 0;                  ///< its boxes can be in the IFM buffer by then
    std::int64_t shram_kib = 0;
    std::int64_t mac_cycles = 0;
    std::int64_t start_cycles = 0;                  ///< before them, at the first job of a block
    std::int64_t weight_begin = 0, weight_end = 0;  ///< in the sequence of all weight bytes
    bool first_of_block = false, last_of_block = false;
    bool elementwise = false;
    std::int32_t block_number = 0;  ///< in order of traversal
    BlockWork block;                ///< of its last job

    [[nodiscard]] Time loaded() const { return std::max({loads[0].done, loads[1].done, stored}); }
};

}  // namespace u65sim::machine
