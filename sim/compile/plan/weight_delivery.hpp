// How one operation's weights may reach it, and when it would end then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "compile/plan/allocate.hpp"
#include "compile/plan/tuning.hpp"
#include "compile/program.hpp"

namespace u65sim::compiler {

/// One operation's weights.
struct WeightLoad {
    NpuOp* op = nullptr;
    const NpuOp* before = nullptr;  ///< the one that runs before it in its segment
    std::int32_t time = 0;
    std::int64_t size = 0;                   ///< bytes
    std::int64_t fast = 0, direct = 0;       ///< cycles with weights in SRAM, and where they are
    std::int64_t copy_from = 0;              ///< position at which its copy should start
    std::optional<std::size_t> reservation;  ///< its place among the lifetimes
    int buffer = no_buffer;                  ///< the reserved one
    std::pair<std::int32_t, std::int64_t> shallow{};  ///< depth and cycles of one slice
};

/// When an operation and the copies of its weights would end.
struct Ends {
    std::int64_t finish = 0, dma_free = 0;
    [[nodiscard]] std::int64_t score() const { return finish + tuning::queue_cycle.of(dma_free); }
};

/// One choice of how an operation's weights are brought.
struct Delivery {
    std::vector<std::int32_t> depths;  ///< channels of each slice
    std::vector<Lifetime> places;  ///< of the slices, in fine positions; empty: read where they are
    Ends ends;
};

/// Slices of so many channels, of sizes predicted.
struct Slicing {
    std::int32_t step = 0;
    Ends ends;
};

/// Blocks of an operation in height and width, over its stripes: so often its weights are read.
std::int64_t weight_passes(const NpuOp& op);

/// Whether an operation's weights may come in slices. These are of output channels alone, so a
/// depthwise operation stays whole.
bool may_be_sliced(const NpuOp& op);
/// Whether they may where each slice reads the channels that it makes.
bool may_be_sliced_with_input(const NpuOp& op);
/// Channels of slices of an operation's weights that take turns in a memory of `limit` bytes beside
/// maps: a block's, unless two slices are a large part of the memory, else a brick's.
std::int32_t depth_of_turns(const NpuOp& op, std::int64_t limit);
/// Bytes that two slices of so many channels take.
std::int64_t room_for_turns(const NpuOp& op, std::int32_t channels);
/// Channels of a slice of `first`, then ones of `step`.
std::vector<std::int32_t> depths_of(std::int32_t depth, std::int32_t first, std::int32_t step);
/// Bytes to expect of a size that is about right.
std::int64_t with_margin(std::int64_t size);
/// Bytes of so many of a load's channels, before they are encoded.
std::int64_t predicted_size(const WeightLoad& load, std::int64_t channels);
/// Bytes of some of an operation's channels in a slice of their own, about.
std::int64_t sampled_size(const NpuOp& op, std::int32_t first, std::int32_t count,
                          const CompileContext& context);
/// Whether much of an operation's weights are zeros beside channels that do not fill the last
/// ublocks. They are spread over all weights, and cost little in a slice of their own: there a
/// share of the whole says nothing of a slice's size.
bool is_ragged(const NpuOp& op, const CompileContext& context);
/// Channels that slices of an operation are multiples of: those of a brick, which an address begins
/// with, and of ragged ones in a plain map of a ublock.
std::int32_t slice_unit(const NpuOp& op, const Program& program);
std::vector<std::int64_t> sizes_of(const std::vector<WeightSlice>& slices);

}  // namespace u65sim::compiler
