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

/// Compute time of all blocks, in the order in which they are worked: depths first, then columns.
struct BlockPipeline {
    BlockPipeline(const Traversal& traversal, const Architecture& arch, const Target& target);

    std::int64_t count_y = 1, count_x = 1, count_z = 1;  ///< blocks
    std::int64_t mac = 0, output = 0;
    std::int64_t jobs = 1;       ///< a block
    std::int64_t in_buffer = 1;  ///< jobs whose input finds room at a time
    std::int64_t first_array = 0, last_job = 0, last_output = 0;

    /// From the first block's first job to the end of the last one's in the array, or to its start
    /// in the output unit where that works alone: a block enters the array when the one before has
    /// left it, and the output unit has the one before that. What the first load and the last
    /// output take comes on top.
    [[nodiscard]] std::int64_t cycles(const BlockSupply& supply) const;

private:
    /// Blocks inside (0) and at the end (1) of each axis.
    using Place = std::array<std::size_t, 3>;
    BlockClass& at(const Place& place) { return classes_[place[0] * 4 + place[1] * 2 + place[2]]; }
    [[nodiscard]] const BlockClass& at(const Place& place) const {
        return classes_[place[0] * 4 + place[1] * 2 + place[2]];
    }
    [[nodiscard]] std::int64_t load_of(const BlockClass& block, const BlockSupply& supply) const;
    [[nodiscard]] static std::int64_t weights_of(const BlockClass& block,
                                                 const BlockSupply& supply);
    [[nodiscard]] std::int64_t step(const BlockClass& before, const BlockClass& block,
                                    const BlockSupply& supply) const;

    std::array<BlockClass, 8> classes_{};
};

}  // namespace u65sim::timing
