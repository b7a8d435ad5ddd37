// What moving a box of a feature map, weights or scales costs on a port: runs, beats, bursts.
#pragma once

#include <array>
#include <cstdint>

#include <u65sim/units.hpp>

#include "timing/traversal.hpp"

namespace u65sim::timing {

/// A transfer as a port sees it.
struct Access {
    std::int64_t bytes = 0;   ///< payload, whole bricks where the layout has bricks
    std::int64_t beats = 0;   ///< bus beats: a run's aligned span
    std::int64_t bursts = 0;  ///< runs cut at burst boundaries
    Access& operator+=(const Access& other) {
        bytes += other.bytes;
        beats += other.beats;
        bursts += other.bursts;
        return *this;
    }
    friend Access operator*(Access access, std::int64_t times) {
        return {access.bytes * times, access.beats * times, access.bursts * times};
    }
    bool operator==(const Access&) const = default;
};

/// Beat and burst size of a port.
struct BusShape {
    std::int64_t beat_bytes = 16;
    std::int64_t burst_bytes = 64;
    bool operator==(const BusShape&) const = default;
};

/// One contiguous run of `bytes` at `address`.
Access run_access(std::uint64_t address, std::int64_t bytes, const BusShape& bus);

/// All runs of `box`: NHCWB16 one a row and 16-channel slice (whole bricks), NHWC one a row when
/// all channels are covered, else one a pixel. Tiles are followed.
Access box_access(const stream::FeatureMap& map, const Box& box, const BusShape& bus);

/// box_access of `times` boxes together, each `step` columns (0 or more) on from the one before.
Access repeated_access(const stream::FeatureMap& map, const Box& box, std::int64_t times,
                       std::int64_t step, const BusShape& bus);

/// box_access of one map on one port, which remembers: most of a kernel's boxes have one of a few
/// sizes and places in their bursts, and cost the same. Keeps a pointer to the map.
class BoxTraffic {
public:
    /// Forgets everything; from now on it is about `map`, which must outlive its use.
    void begin(const stream::FeatureMap& map, const BusShape& bus);
    /// As box_access.
    Access of(const Box& box);

private:
    struct Entry {
        std::uint64_t key = 0;  ///< zero: nothing
        Access access;
    };
    [[nodiscard]] std::uint64_t key_of(const Box& box) const;

    const stream::FeatureMap* map_ = nullptr;
    BusShape bus_;
    bool cacheable_ = false;
    std::array<Entry, 16> cache_{};
};

/// Payload of box_access without its runs.
std::int64_t box_bytes(const stream::FeatureMap& map, const Box& box);

}  // namespace u65sim::timing
