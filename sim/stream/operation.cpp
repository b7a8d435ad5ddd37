#include "stream/operation.hpp"

namespace u65sim::stream {

std::uint64_t FeatureMap::address(int y, int x, int c) const {
    std::size_t tile = 0;
    if (x >= width0) {
        x -= width0;
        tile = 1;
        if (y >= height1) {
            y -= height1;
            tile = 3;
        }
    } else if (y >= height0) {
        y -= height0;
        tile = 2;
    }
    const std::int64_t element = bytes_of(type);
    std::int64_t offset = y * stride_y;
    if (layout == Layout::nhcwb16) {
        offset += (c / 16) * stride_c + (std::int64_t{x} * 16 + c % 16) * element;
    } else {
        offset += x * stride_x + c * element;
    }
    return base[tile] + static_cast<std::uint64_t>(offset);
}

std::int64_t KernelOp::macs() const {
    if (kind == KernelKind::elementwise) return 0;
    std::int64_t result = detail::checked_mul(std::int64_t{ofm.height} * ofm.width, ofm.depth);
    result = detail::checked_mul(result, std::int64_t{kernel.height} * kernel.width);
    return kind == KernelKind::conv ? detail::checked_mul(result, ifm.depth) : result;
}

}  // namespace u65sim::stream
