// How the numbers of STRIDED_SLICE spread over the axes of its operand.
#pragma once

#include <cstddef>
#include <optional>
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

}  // namespace u65sim::ir
