// How the numbers of STRIDED_SLICE spread over the axes of its operand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <u65sim/graph.hpp>

namespace u65sim::ir {

/// What becomes of an axis of the operand, or where the result has a new one.
struct SliceEntry {
    std::optional<std::size_t> axis;  ///< of the operand; none: a new axis of extent 1
    std::optional<std::size_t>
        number;               ///< position among begins, ends and strides; none: all of it
    bool from_first = false;  ///< `begin` does not count
    bool to_last = false;     ///< `end` does not count
    bool is_dropped = false;  ///< one element is taken, and the result has no such axis
};

struct SliceEntries {
    std::vector<SliceEntry> entries;  ///< in order of the result's axes
    std::size_t named = 0;            ///< axes that have a number
    /// Axes that the entries reach: more than `rank` behind a second ellipsis, or with `named`.
    std::size_t axes = 0;
};

/// Of `numbers` begins on an operand of `rank` dimensions, axes without a number taken whole.
SliceEntries slice_entries(const StridedSliceAttributes& masks, std::size_t numbers,
                           std::size_t rank);

/// Elements first, first + step, ... along an axis.
struct SliceRange {
    std::int64_t first = 0;
    std::int64_t count = 1;  ///< 0: none, or a stride of 0
    std::int64_t step = 1;
};

/// What an entry selects of an axis of `extent` elements: begin and end count from the axis' end
/// where they are negative, and stop at its borders. A new axis has one element. Each entry's
/// number is below the size of all three.
SliceRange slice_range(const SliceEntry& entry, std::int64_t extent,
                       std::span<const std::int64_t> begins, std::span<const std::int64_t> ends,
                       std::span<const std::int64_t> strides);

}  // namespace u65sim::ir
