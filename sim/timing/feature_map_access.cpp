#include "timing/feature_map_access.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <utility>

namespace u65sim::timing {

using stream::FeatureMap;
using stream::Layout;

namespace {

/// Runs of `bytes` each, a lattice of them: run (i, j) begins at address + i stride[0] + j
/// stride[1].
struct Runs {
    std::uint64_t address = 0;
    std::int64_t bytes = 0;
    std::array<std::int64_t, 2> stride{}, count{};
};

/// Sum of (start + i step) / size, rounded down, over i in [0, count): as many lattice points lie
/// under that line, and swapping the axes shrinks it as Euclid's algorithm does. None is negative.
std::int64_t floor_sum(std::int64_t count, std::int64_t size, std::int64_t step,
                       std::int64_t start) {
    std::int64_t sum = 0;
    while (count > 0) {
        sum += count * (count - 1) / 2 * (step / size) + count * (start / size);
        step %= size;
        start %= size;
        const std::int64_t top = step * count + start;
        count = top / size;
        start = top % size;
        std::swap(step, size);
    }
    return sum;
}

/// Units of `size` bytes that each run touches, added up. Only places modulo the size count: few
/// kinds of rows, and a sum for each.
std::int64_t units_touched(const Runs& runs, std::int64_t size) {
    if (const auto unit = static_cast<std::uint64_t>(size); std::has_single_bit(unit)) {
        // All runs begin at one place in a unit, as most do.
        const auto is_alike = [&](std::size_t axis) {
            return runs.count[axis] == 1 || (runs.stride[axis] & (size - 1)) == 0;
        };
        if (is_alike(0) && is_alike(1)) {
            const auto first = static_cast<std::int64_t>(runs.address & (unit - 1));
            const std::int64_t one = ((first + runs.bytes - 1) >> std::countr_zero(unit)) + 1;
            return one * runs.count[0] * runs.count[1];
        }
    }
    const auto within = [size](std::int64_t value) { return (value % size + size) % size; };
    std::array<std::int64_t, 2> step{within(runs.stride[0]), within(runs.stride[1])};
    std::array<std::int64_t, 2> kinds{};
    for (const std::size_t axis : {0U, 1U}) {
        kinds[axis] = std::min(runs.count[axis], size / std::gcd(step[axis], size));
    }
    const std::size_t rows = kinds[1] < kinds[0] ? 1 : 0;
    const std::int64_t in_row = runs.count[1 - rows];
    std::int64_t first = static_cast<std::int64_t>(runs.address % static_cast<std::uint64_t>(size));
    std::int64_t total = 0;
    for (std::int64_t kind = 0; kind < kinds[rows]; ++kind) {
        const std::int64_t alike = (runs.count[rows] - kind - 1) / kinds[rows] + 1;
        const auto sum = [&](std::int64_t start) {
            return floor_sum(in_row, size, step[1 - rows], start);
        };
        total += alike * (sum(first + runs.bytes - 1) - sum(first) + in_row);
        first = (first + step[rows]) % size;
    }
    return total;
}

Access access_of(const Runs& runs, const BusShape& bus) {
    return {runs.bytes * runs.count[0] * runs.count[1], units_touched(runs, bus.beat_bytes),
            units_touched(runs, bus.burst_bytes)};
}

/// A box inside one tile; coordinates relative to the tile, `base` its address. A box of one row
/// may be repeated, `step` columns on each time.
Access tile_access(const FeatureMap& map, std::uint64_t base, const Box& box, const BusShape& bus,
                   std::int64_t times = 1, std::int64_t step = 0) {
    const std::int64_t element = bytes_of(map.type);
    const bool bricks = map.layout == Layout::nhcwb16;
    const std::int64_t column = bricks ? 16 * element : map.stride_x;
    const std::int64_t apart = box.height == 1 ? column * step : map.stride_y;
    const std::int64_t rows = box.height == 1 ? times : box.height;
    const std::uint64_t at = base + static_cast<std::uint64_t>(map.stride_y * box.y) +
                             static_cast<std::uint64_t>(column * box.x);
    if (bricks) {
        const int first = box.z / 16;
        const int last = (box.z + box.depth - 1) / 16;
        return access_of({at + static_cast<std::uint64_t>(map.stride_c * first),
                          column * box.width,
                          {apart, map.stride_c},
                          {rows, last - first + 1}},
                         bus);
    }
    const std::int64_t pixel = element * box.depth;
    const bool whole = map.stride_x == pixel;
    return access_of({at + static_cast<std::uint64_t>(element * box.z),
                      whole ? pixel * box.width : pixel,
                      {apart, map.stride_x},
                      {rows, whole ? 1 : box.width}},
                     bus);
}

}  // namespace

Access run_access(std::uint64_t address, std::int64_t bytes, const BusShape& bus) {
    if (bytes <= 0) return {};
    const std::uint64_t last = address + static_cast<std::uint64_t>(bytes) - 1;
    const auto spans = [&](std::int64_t size) {
        const auto unit = static_cast<std::uint64_t>(size);
        return static_cast<std::int64_t>(last / unit - address / unit + 1);
    };
    return {bytes, spans(bus.beat_bytes), spans(bus.burst_bytes)};
}

Access box_access(const FeatureMap& map, const Box& box, const BusShape& bus) {
    if (box.empty()) return {};
    const int end_x = box.x + box.width;
    const int end_y = box.y + box.height;
    const int left_end = map.width0 > 0 ? std::min(end_x, map.width0) : end_x;
    Access total;
    // Tiles 0 and 2 left of width0, 1 and 3 right of it; upper ones end at height0 and height1.
    const auto column = [&](int x0, int x1, int origin_x, int split, int upper, int lower) {
        if (x0 >= x1) return;
        const int middle = std::clamp(split > 0 ? split : end_y, box.y, end_y);
        Box part{box.y, x0 - origin_x, box.z, middle - box.y, x1 - x0, box.depth};
        if (!part.empty())
            total += tile_access(map, map.base[static_cast<std::size_t>(upper)], part, bus);
        part.y = middle - split;
        part.height = end_y - middle;
        if (!part.empty())
            total += tile_access(map, map.base[static_cast<std::size_t>(lower)], part, bus);
    };
    column(box.x, std::max(left_end, box.x), 0, map.height0, 0, 2);
    column(std::max(left_end, box.x), end_x, map.width0, map.height1, 1, 3);
    return total;
}

Access repeated_access(const FeatureMap& map, const Box& box, std::int64_t times, std::int64_t step,
                       const BusShape& bus) {
    if (box.empty() || times <= 0) return {};
    const std::int64_t end = box.x + (times - 1) * step + box.width;
    const bool in_first_tile = (map.width0 <= 0 || end <= map.width0) &&
                               (map.height0 <= 0 || box.y + box.height <= map.height0);
    if (in_first_tile && box.height == 1) {
        return tile_access(map, map.base[0], box, bus, times, step);
    }
    Access total;
    for (Box moved = box; times > 0; --times, moved.x += static_cast<int>(step)) {
        total += box_access(map, moved, bus);
    }
    return total;
}

void BoxTraffic::begin(const FeatureMap& map, const BusShape& bus) {
    map_ = &map;
    bus_ = bus;
    // A place in a burst is one in a beat too, and fits the key.
    cacheable_ = bus.burst_bytes % bus.beat_bytes == 0 && bus.burst_bytes <= 0x10000;
    for (Entry& entry : cache_) entry.key = 0;
}

/// Boxes of equal keys cost the same; zero: this one is to be worked out. Only boxes in tile 0.
std::uint64_t BoxTraffic::key_of(const Box& box) const {
    const FeatureMap& map = *map_;
    if (!cacheable_) return 0;
    if (map.width0 > 0 && box.x + box.width > map.width0) return 0;
    if (map.height0 > 0 && box.y + box.height > map.height0) return 0;
    constexpr int most = 0xFFFF;
    if (box.height > most || box.width > most || box.depth > most) return 0;
    const std::int64_t element = bytes_of(map.type);
    std::int64_t offset = map.stride_y * box.y;
    int depth = box.depth;
    if (map.layout == Layout::nhcwb16) {
        offset += map.stride_c * (box.z / 16) + 16 * element * box.x;
        depth = (box.z + box.depth - 1) / 16 - box.z / 16 + 1;
    } else {
        offset += map.stride_x * box.x + element * box.z;
    }
    const std::uint64_t address = map.base[0] + static_cast<std::uint64_t>(offset);
    const std::uint64_t place = address % static_cast<std::uint64_t>(bus_.burst_bytes);
    return static_cast<std::uint64_t>(box.height) | static_cast<std::uint64_t>(box.width) << 16 |
           static_cast<std::uint64_t>(depth) << 32 | place << 48;
}

Access BoxTraffic::of(const Box& box) {
    if (box.empty()) return {};
    const std::uint64_t key = key_of(box);
    if (key == 0) return box_access(*map_, box, bus_);
    Entry& entry = cache_[(key ^ key >> 17 ^ key >> 34 ^ key >> 52) % cache_.size()];
    if (entry.key != key) entry = {key, box_access(*map_, box, bus_)};
    return entry.access;
}

std::int64_t box_bytes(const FeatureMap& map, const Box& box) {
    if (box.empty()) return 0;
    const std::int64_t pixels = std::int64_t{box.height} * box.width;
    if (map.layout == Layout::nhwc) return pixels * box.depth * bytes_of(map.type);
    const std::int64_t slices = (box.z + box.depth - 1) / 16 - box.z / 16 + 1;
    return pixels * slices * 16 * bytes_of(map.type);
}

}  // namespace u65sim::timing
