// Which tensors share memory, before there are buffers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compile/program.hpp"

namespace u65sim::compiler {

/// The feature maps of a graph as the later passes will most likely keep them: what only renames,
/// cuts or joins maps, pads for a convolution or follows one map element by element takes no memory
/// of its own. Only to compare orders with.
class MapMemory {
public:
    /// Wants decisions, producers and consumers.
    explicit MapMemory(const Program& program);

    [[nodiscard]] std::int64_t bytes(std::size_t memory) const { return bytes_[memory]; }
    /// To the end, as outputs and variables do.
    [[nodiscard]] bool stays(std::size_t memory) const { return stays_[memory]; }
    /// Per memory: operators that use it.
    [[nodiscard]] const std::vector<std::int32_t>& uses() const { return uses_; }
    /// Per memory: an input or a variable is in it.
    [[nodiscard]] const std::vector<bool>& live_at_start() const { return live_at_start_; }
    /// Memories of an operator, each once.
    [[nodiscard]] std::span<const std::int32_t> used_by(std::int32_t op) const {
        return used_by_[static_cast<std::size_t>(op)];
    }

private:
    std::vector<std::int64_t> bytes_;
    std::vector<bool> stays_, live_at_start_;
    std::vector<std::int32_t> uses_;
    Lists used_by_;
};

}  // namespace u65sim::compiler
