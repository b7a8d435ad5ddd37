// The weights that each position of a plan reads, before it is known how they come.
#pragma once

#include <cstdint>
#include <vector>

#include "compile/quick/network.hpp"
#include "compile/quick/place_rule.hpp"

namespace u65sim::compiler::quick {

/// The weights of one position: of all operations of a cascade together.
struct Load {
    std::int32_t position = 0;
    std::int64_t size = 0;
    std::int64_t passes = 1;            ///< over them, where they are read off-chip
    std::int64_t fast = 0, direct = 0;  ///< cycles of the position
    std::int32_t from = 0;              ///< position from which a copy should start
    const QuickOp* sliceable = nullptr;
};

/// Those of all positions that have weights, in order.
std::vector<Load> loads_of(const QuickNetwork& network, const PlacedMaps& maps);

}  // namespace u65sim::compiler::quick
