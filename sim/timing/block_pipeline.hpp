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

/// What surrounds a block's work in steady state, in cycles.
struct BlockSupply {
    std::int64_t load = 0;   ///< from asking for a job's input to its arrival
    std::int64_t store = 0;  ///< all of a block's inputs enter the IFM buffer
    std::int64_t write = 0;  ///< until the port has taken a block's last chunk
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
