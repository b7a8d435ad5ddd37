// Reading and writing feature maps in memory: layouts, tiles and element types.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "machine/functional/memory.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine::functional {

/// Byte offset of element (y, x, c) in the map's region; wraps on hostile strides, so the result
/// must go through a checked access.
inline std::uint64_t element_address(const stream::FeatureMap& map, std::int64_t y, std::int64_t x,
                                     std::int64_t c) {
    std::size_t tile = 0;
    if (x >= map.width0) {
        x -= map.width0;
        tile = 1;
        if (y >= map.height1) {
            y -= map.height1;
            tile = 3;
        }
    } else if (y >= map.height0) {
        y -= map.height0;
        tile = 2;
    }
    const auto bytes = static_cast<std::uint64_t>(stream::bytes_of(map.type));
    const auto row = static_cast<std::uint64_t>(y) * static_cast<std::uint64_t>(map.stride_y);
    const auto column = static_cast<std::uint64_t>(x);
    const auto channel = static_cast<std::uint64_t>(c);
    if (map.layout == stream::Layout::nhwc) {
        return map.base[tile] + row + column * static_cast<std::uint64_t>(map.stride_x) +
               channel * bytes;
    }
    return map.base[tile] + row + channel / 16 * static_cast<std::uint64_t>(map.stride_c) +
           (column * 16 + channel % 16) * bytes;
}

/// Elements of row `y`, columns x0 .. x0+columns-1, all of `depth` channels, less `zero_point`,
/// to `out` (column after column, `column_stride` elements apart).
template <class Number>
void read_row(Memory& memory, const stream::FeatureMap& map, std::int64_t y, std::int64_t x0,
              std::int64_t columns, std::int64_t depth, std::int64_t zero_point, Number* out,
              std::int64_t column_stride);

extern template void read_row(Memory&, const stream::FeatureMap&, std::int64_t, std::int64_t,
                              std::int64_t, std::int64_t, std::int64_t, std::int16_t*,
                              std::int64_t);
extern template void read_row(Memory&, const stream::FeatureMap&, std::int64_t, std::int64_t,
                              std::int64_t, std::int64_t, std::int64_t, std::int64_t*,
                              std::int64_t);

/// The reverse: raw values (already in the type's range) to row `y`, from column 0.
void write_row(Memory& memory, const stream::FeatureMap& map, std::int64_t y, std::int64_t columns,
               std::int64_t depth, const std::int32_t* values);

}  // namespace u65sim::machine::functional
