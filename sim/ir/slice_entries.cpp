#include "ir/slice_entries.hpp"

#include <algorithm>

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

SliceRange slice_range(const SliceEntry& entry, std::int64_t extent,
                       std::span<const std::int64_t> begins, std::span<const std::int64_t> ends,
                       std::span<const std::int64_t> strides) {
    if (!entry.axis) return {};
    if (!entry.number) return {.count = extent};
    const std::int64_t step = strides[*entry.number];
    const bool is_backward = step < 0;
    const std::int64_t low = is_backward ? -1 : 0, high = is_backward ? extent - 1 : extent;
    const auto position = [&](std::int64_t value) {
        return std::clamp(value < 0 ? value + extent : value, low, high);
    };
    SliceRange range{.step = step};
    range.first = entry.from_first ? (is_backward ? high : low) : position(begins[*entry.number]);
    if (entry.is_dropped || step == 0) {
        range.count = entry.is_dropped ? 1 : 0;
        return range;
    }
    const std::int64_t last =
        entry.to_last ? (is_backward ? low : high) : position(ends[*entry.number]);
    const std::int64_t span = is_backward ? range.first - last : last - range.first;
    range.count = span <= 0 ? 0 : 1 + (is_backward ? 1 - span : span - 1) / step;
    return range;
}

}  // namespace u65sim::ir
