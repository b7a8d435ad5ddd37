#include "timing/ifm_store.hpp"

namespace u65sim::timing {

using stream::KernelKind;
using stream::KernelOp;
using stream::Layout;

namespace {

constexpr std::int64_t store_bytes = 8;  ///< a cycle
constexpr int brick_channels = 16;

/// Whether an output channel needs no other input channel than its own.
bool has_separate_channels(const KernelOp& op) {
    switch (op.kind) {
        case KernelKind::depthwise:
        case KernelKind::elementwise:
            return true;
        case KernelKind::pool:
            return op.pool_mode != stream::PoolMode::reduce_sum;
        case KernelKind::conv:
            break;
    }
    return false;
}

}  // namespace

std::int64_t store_cycles(const KernelOp& op, const stream::FeatureMap& map, const Box& box,
                          int cores) {
    if (box.empty()) return 0;
    const std::int64_t pixels = std::int64_t{box.height} * box.width;
    const std::int64_t element = bytes_of(map.type);
    if (map.layout == Layout::nhwc) return pixels * ceil_div(box.depth * element, store_bytes);
    const std::int64_t bricks =
        (box.z + box.depth - 1) / brick_channels - box.z / brick_channels + 1;
    const std::int64_t kept = has_separate_channels(op) ? brick_channels / cores : brick_channels;
    return pixels * bricks * ceil_div(kept * element, store_bytes);
}

}  // namespace u65sim::timing
