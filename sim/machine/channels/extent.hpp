// Where the bytes of a memory request are, burst by burst.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "stream/operation.hpp"
#include "timing/feature_map_access.hpp"
#include "timing/traversal.hpp"

namespace u65sim::machine {

/// What a request moves: runs of bytes, a box of a feature map, or one end of a copy; from burst
/// `first` on of those that the whole is cut into. Maps and copies must outlive it.
struct Extent {
    static constexpr int command_queue = -1;  ///< in place of a region

    int region = 0;
    std::array<stream::ByteRange, 2> runs{};
    const stream::FeatureMap* map = nullptr;
    timing::Box box;
    const stream::DmaOp* copy = nullptr;
    const stream::DmaEnd* end = nullptr;
    std::int64_t first = 0;

    static Extent of_run(int region, std::uint64_t address, std::int64_t bytes) {
        Extent extent{.region = region};
        extent.runs[0] = {address, static_cast<std::uint32_t>(bytes)};
        return extent;
    }
    static Extent of_box(const stream::FeatureMap& map, const timing::Box& box,
                         std::int64_t first = 0) {
        return {.region = map.region, .map = &map, .box = box, .first = first};
    }
    static Extent of_copy(const stream::DmaOp& copy, const stream::DmaEnd& end,
                          std::int64_t first) {
        return {.region = end.region, .copy = &copy, .end = &end, .first = first};
    }
};

/// Bytes that travel together, at an address of their region.
struct Burst {
    std::uint64_t address = 0;
    std::int64_t bytes = 0;
    bool operator==(const Burst&) const = default;
};

/// The `count` bursts of a request on a port of shape `bus`, in order: as many as its Access
/// counts. A request that has no burst of its own, as where a copy's other end has more of them,
/// moves the last one of the whole again.
void cut_bursts(const Extent& extent, std::int64_t count, const timing::BusShape& bus,
                std::vector<Burst>& bursts);

}  // namespace u65sim::machine
