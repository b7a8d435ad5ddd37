// The runs of bytes that make up a box of a feature map or one end of a copy.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "stream/operation.hpp"
#include "timing/traversal.hpp"

namespace u65sim::timing {

/// `count` runs of `bytes`, `stride` apart; the first at `address` of its region.
struct Runs {
    std::uint64_t address = 0;
    std::int64_t bytes = 0, stride = 0, count = 1;
};

/// Runs of a box inside one tile: coordinates relative to the tile, `base` its address.
template <class Each>
void for_each_tile_run(const stream::FeatureMap& map, std::uint64_t base, const Box& box,
                       const Each& each) {
    const std::int64_t element = bytes_of(map.type);
    const std::uint64_t row = base + static_cast<std::uint64_t>(map.stride_y * box.y);
    if (map.layout == stream::Layout::nhcwb16) {
        const int first = box.z / 16;
        const int last = (box.z + box.depth - 1) / 16;
        const std::int64_t run = 16 * element * box.width;
        const std::uint64_t column = row + static_cast<std::uint64_t>(16 * element * box.x);
        if (box.height == 1) {
            each(Runs{column + static_cast<std::uint64_t>(map.stride_c * first), run, map.stride_c,
                      last - first + 1});
            return;
        }
        for (int slice = first; slice <= last; ++slice) {
            each(Runs{column + static_cast<std::uint64_t>(map.stride_c * slice), run, map.stride_y,
                      box.height});
        }
        return;
    }
    const std::uint64_t at = row + static_cast<std::uint64_t>(map.stride_x * box.x) +
                             static_cast<std::uint64_t>(element * box.z);
    const std::int64_t pixel = element * box.depth;
    if (map.stride_x == pixel) {
        each(Runs{at, pixel * box.width, map.stride_y, box.height});
        return;
    }
    for (int y = 0; y < box.height; ++y) {
        each(Runs{at + static_cast<std::uint64_t>(map.stride_y * y), pixel, map.stride_x,
                  box.width});
    }
}

/// All runs of `box`: NHCWB16 one a row and 16-channel slice (whole bricks), NHWC one a row when
/// all channels are covered, else one a pixel. Tiles are followed.
template <class Each>
void for_each_box_run(const stream::FeatureMap& map, const Box& box, const Each& each) {
    if (box.empty()) return;
    const int end_x = box.x + box.width;
    const int end_y = box.y + box.height;
    const int left_end = map.width0 > 0 ? std::min(end_x, map.width0) : end_x;
    // Tiles 0 and 2 left of width0, 1 and 3 right of it; upper ones end at height0 and height1.
    const auto column = [&](int x0, int x1, int origin_x, int split, std::size_t upper,
                            std::size_t lower) {
        if (x0 >= x1) return;
        const int middle = std::clamp(split > 0 ? split : end_y, box.y, end_y);
        Box part{box.y, x0 - origin_x, box.z, middle - box.y, x1 - x0, box.depth};
        if (!part.empty()) for_each_tile_run(map, map.base[upper], part, each);
        part.y = middle - split;
        part.height = end_y - middle;
        if (!part.empty()) for_each_tile_run(map, map.base[lower], part, each);
    };
    column(box.x, std::max(left_end, box.x), 0, map.height0, 0, 2);
    column(std::max(left_end, box.x), end_x, map.width0, map.height1, 1, 3);
}

/// All runs of one end of `op`, which is in memory.
template <class Each>
void for_each_dma_run(const stream::DmaOp& op, const stream::DmaEnd& end, const Each& each) {
    const auto length = static_cast<std::int64_t>(op.length);
    if (end.packed || op.stride_mode == 0) {
        each(Runs{end.address, static_cast<std::int64_t>(op.total_bytes()), 0, 1});
        return;
    }
    const std::int64_t step = length + op.skip0;
    const std::int64_t repeat = op.inner_runs() * step + op.skip1;
    for (std::int64_t outer = 0; outer < op.outer_runs(); ++outer) {
        each(Runs{end.address + static_cast<std::uint64_t>(outer * repeat), length, step,
                  op.inner_runs()});
    }
}

}  // namespace u65sim::timing
