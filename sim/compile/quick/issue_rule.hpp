// The order in which a stream issues copies and kernels, as emit has it, and what it takes then.
#pragma once

#include <cstdint>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "compile/quick/place_rule.hpp"

namespace u65sim::compiler::quick {

/// A fine position of each part: mostly there is one.
using PartTimes = boost::container::small_vector<std::int32_t, 4>;

/// How the weights of one position come.
struct Delivery {
    std::int32_t parts = 0;                     ///< 0: read where they are
    std::int64_t part_size = 0, last_size = 0;  ///< bytes of every part but the last; of the last
    std::int32_t channels = 0;  ///< of every part but the last, where there are several
    PartTimes from;             ///< the fine position from which on each part has its place
    static constexpr std::int32_t nothing = -1;
    /// The fine position until which something else has the place of each part, or nothing: what
    /// runs then must have ended.
    PartTimes after;
    [[nodiscard]] std::int64_t size_of(std::int32_t part) const {
        return part + 1 < parts ? part_size : last_size;
    }
};

/// One position on the time line.
struct TimedPosition {
    std::int64_t start = 0, end = 0;  ///< cycles; neighbours overlap
    std::int64_t copied = 0;          ///< bytes of weights copied for it
    std::int64_t read = 0;            ///< bytes of weights it reads off-chip
    std::int32_t copies = 0;
};

/// Sets start and end of every position.
void issue(const QuickNetwork& network, const PlacedMaps& maps,
           const std::vector<Delivery>& deliveries, std::vector<TimedPosition>& positions);

}  // namespace u65sim::compiler::quick
