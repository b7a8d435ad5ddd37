// Compute time of a kernel's blocks, and the pipeline of stages that they pass.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <u65sim/target.hpp>

#include "target/architecture.hpp"
#include "timing/traversal.hpp"

namespace u65sim::timing {

/// Blocks of one size.
struct BlockClass {
    std::int64_t times = 0;
    std::int64_t array = 0;   ///< in the MAC array, its start included; elementwise: none
    std::int64_t output = 0;  ///< in the output unit
    std::int64_t held = 0;    ///< a job's input is held this long behind its arrival
};

/// How a block's weights reach the decoder, in steady state.
struct WeightSupply {
    std::int64_t least = 0;    ///< cycles that a block's take at least, whatever the array does
    std::int64_t bytes = 1;    ///< of a mean job
    std::int64_t request = 1;  ///< of them, in one request
    /// Of them, those that the decoder's buffer does not hold when the job begins, and the cycles
    /// that a block waits for the first of them, over all of its jobs.
    std::int64_t beyond = 0, wait = 0;
};

/// What surrounds a block's work in steady state, in cycles.
struct BlockSupply {
    std::int64_t load = 0;   ///< from asking for a job's input to its arrival
    std::int64_t store = 0;  ///< all of a block's inputs enter the IFM buffer
    std::int64_t write = 0;  ///< until the port has taken a block's last chunk
    WeightSupply weights;
};

/// Compute time of all blocks by size.
struct BlockPipeline {
    BlockPipeline(const Traversal& traversal, const Architecture& arch, const Target& target);

    std::array<BlockClass, 8> classes{};
    std::size_t count = 0;
    std::int64_t mac = 0, output = 0;
    std::int64_t jobs = 1;       ///< a block
    std::int64_t in_buffer = 1;  ///< jobs whose input finds room at a time
    std::int64_t first_array = 0, last_job = 0, last_output = 0;

    /// Each block takes what its slowest stage does. The first load comes on top as a whole.
    [[nodiscard]] std::int64_t cycles(const BlockSupply& supply) const;
};

}  // namespace u65sim::timing
