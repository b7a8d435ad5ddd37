#include "ir/slice_entries.hpp"

#include <cstdint>

namespace u65sim::ir {

SliceEntries slice_entries(const StridedSliceAttributes& masks, std::size_t numbers,
                           std::size_t rank) {
    const auto has = [](std::int32_t mask, std::size_t number) {
        return number < 32 && ((static_cast<std::uint32_t>(mask) >> number) & 1U) != 0;
    };
    SliceEntries result;
    for (std::size_t i = 0; i < numbers; ++i) {
        result.named += !has(masks.ellipsis_mask, i) && !has(masks.new_axis_mask, i);
    }
    const std::size_t unnamed = rank > result.named ? rank - result.named : 0;
    const auto take_whole = [&](std::size_t count) {
        for (; count > 0; --count) result.entries.push_back({.axis = result.axes++});
    };
    for (std::size_t i = 0; i < numbers; ++i) {
        if (has(masks.ellipsis_mask, i)) {
            take_whole(unnamed);
        } else if (has(masks.new_axis_mask, i)) {
            result.entries.push_back({});
        } else {
            result.entries.push_back({.axis = result.axes++,
                                      .number = i,
                                      .from_first = has(masks.begin_mask, i),
                                      .to_last = has(masks.end_mask, i),
                                      .is_dropped = has(masks.shrink_axis_mask, i)});
        }
    }
    if (result.axes < rank) take_whole(rank - result.axes);
    return result;
}

}  // namespace u65sim::ir
