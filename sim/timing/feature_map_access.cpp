#include "timing/feature_map_access.hpp"

#include "timing/box_runs.hpp"

namespace u65sim::timing {

using stream::FeatureMap;
using stream::Layout;

namespace {

/// Runs whose addresses are equal modulo the burst size cost the same, so a short cycle of them is
/// enough.
Access strided_runs(const Runs& runs, const BusShape& bus) {
    const auto [address, bytes, stride, count] = runs;
    Access total;
    std::int64_t done = 0;
    while (done < count) {
        const std::uint64_t at = address + static_cast<std::uint64_t>(stride * done);
        total += run_access(at, bytes, bus);
        ++done;
        const std::int64_t moved = stride * done;
        if (moved % bus.burst_bytes == 0) {  // the pattern repeats from here
            const std::int64_t repeats = (count - done) / done;
            total += total * repeats;
            const std::int64_t rest = count - done - repeats * done;
            for (std::int64_t i = 0; i < rest; ++i) {
                total += run_access(address + static_cast<std::uint64_t>(stride * i), bytes, bus);
            }
            return total;
        }
    }
    return total;
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
    Access total;
    for_each_box_run(map, box, [&](const Runs& runs) { total += strided_runs(runs, bus); });
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
