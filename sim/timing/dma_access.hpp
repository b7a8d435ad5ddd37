// What a memory-to-memory copy moves on a port.
#pragma once

#include "stream/operation.hpp"
#include "timing/feature_map_access.hpp"

namespace u65sim::timing {

/// Traffic of one end of `op` on a port of shape `bus`. Inner runs are taken to be aligned like the
/// first; packed ones lie one behind the other.
Access dma_access(const stream::DmaOp& op, const stream::DmaEnd& end, const BusShape& bus);

}  // namespace u65sim::timing
