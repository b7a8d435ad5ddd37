#include "timing/dma_access.hpp"

#include <cstdint>

namespace u65sim::timing {

Access dma_access(const stream::DmaOp& op, const stream::DmaEnd& end, const BusShape& bus) {
    if (end.internal) return {static_cast<std::int64_t>(op.total_bytes()), 0, 0};
    if (end.packed) {
        return run_access(end.address, static_cast<std::int64_t>(op.total_bytes()), bus);
    }
    return run_access(end.address, static_cast<std::int64_t>(op.length), bus) * op.runs();
}

}  // namespace u65sim::timing
