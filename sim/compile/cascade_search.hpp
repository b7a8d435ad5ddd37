// Which consecutive operations should run as a cascade: the cut of a segment with the least
// predicted time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compile/program.hpp"
#include "compile/stripes.hpp"
#include "timing/estimate.hpp"

namespace u65sim::compiler {

/// Operations first .. last of a segment, run as one.
struct Range {
    std::size_t first = 0, last = 0;
    std::int32_t height = 0;  ///< OFM rows of the last operation a step; 0: not a cascade
    auto operator<=>(const Range&) const = default;
};

/// Who uses a buffer, and from when to when.
struct BufferUse {
    int writers = 0, readers = 0;
    std::int32_t first = -1, last = -1;  ///< times; -1: never
    std::int64_t size = 0;               ///< bytes
};
std::vector<BufferUse> uses_of(const Program& program);

/// Searches the cuts of one segment. Costs once worked out serve every limit asked for.
class CascadeSearch {
public:
    /// Both must outlive this, unchanged.
    CascadeSearch(const Program& program, const Segment& segment);

    /// The ranges in order for an arena of `limit` bytes. None where nothing may spill and an
    /// operation does not fit in any range.
    std::vector<Range> best(std::int64_t limit);

private:
    /// What one range takes whatever the limit.
    struct Cost {
        std::int64_t bytes = 0;            ///< rolling buffers and weights of a cascade
        timing::PlacementCycles cycles{};  ///< by place of its input and of its result
    };
    /// An operation in all cascades of one height that end at the same one: what it does there
    /// depends on those behind it alone.
    struct Link {
        std::vector<Rows> stripes;
        std::int64_t bytes = 0;            ///< of a cascade that starts here
        timing::PlacementCycles cycles{};  ///< of its own stripes
        Cycles between{0};                 ///< of those between it and the last one
    };
    struct StripeCost {
        std::int32_t rows = 0, input_rows = 0;
        timing::PlacementCycles cycles{};
    };
    /// A map that could live in the arena.
    struct Candidate {
        int buffer = -1;
        std::int32_t first = 0, last = 0;
        std::int64_t size = 0;
    };

    [[nodiscard]] const Buffer& buffer(int index) const {
        return program_.buffers[static_cast<std::size_t>(index)];
    }
    [[nodiscard]] const BufferUse& use(int index) const {
        return uses_[static_cast<std::size_t>(index)];
    }
    [[nodiscard]] bool linked(std::size_t at) const;
    [[nodiscard]] bool may_be_fast(int index) const;
    [[nodiscard]] std::int64_t predicted(const Range& range, std::int64_t limit);
    [[nodiscard]] std::int64_t alive_beside(const Range& range, std::int64_t limit) const;
    [[nodiscard]] std::int64_t least_bytes(const Range& range) const;
    [[nodiscard]] Cost cost_of(const Range& range);
    /// Adds the operation in front of a chain of stripes that ends at `last`.
    void grow(std::vector<Link>& chain, std::size_t last, std::int32_t height);
    /// OFM rows y0 .. y1 of one operation with its weights in SRAM.
    const timing::PlacementCycles& stripe_cycles(std::size_t at, std::int32_t y0, std::int32_t y1);

    const Program& program_;
    const std::vector<NpuOp>& ops_;
    std::vector<BufferUse> uses_;
    std::vector<Candidate> candidates_;
    std::vector<bool> linked_;         ///< per operation: with the next one
    std::vector<std::int64_t> floor_;  ///< sum of the least cycles of all operations before
    std::vector<std::vector<StripeCost>> stripes_;  ///< per operation
    std::vector<std::vector<Link>> chains_;  ///< by last operation and height; the last one first
};

}  // namespace u65sim::compiler
