#include "stream/operation.hpp"

#include <algorithm>

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

std::uint64_t DmaOp::span(const DmaEnd& end) const {
    if (end.packed || stride_mode == 0) return total_bytes();
    __extension__ using Wide = unsigned __int128;
    // A skip stands behind the last of the inner runs as well.
    const Wide step = Wide{length} + static_cast<std::uint64_t>(skip0);
    const auto inner = static_cast<std::uint64_t>(std::max(size0, 1));
    Wide bytes = (inner - 1) * step + length;
    if (stride_mode > 1) {
        const auto outer = static_cast<std::uint64_t>(std::max(size1, 1));
        bytes += (outer - 1) * (inner * step + static_cast<std::uint64_t>(skip1));
    }
    constexpr Wide most = std::uint64_t{1} << 62;
    return static_cast<std::uint64_t>(std::min(bytes, most));
}

bool KernelOp::shares_shram_layout(const KernelOp& other) const {
    return ib_end == other.ib_end && ab_start == other.ab_start && acc_format == other.acc_format &&
           ifm2_ib_start == other.ifm2_ib_start &&
           (kind == KernelKind::elementwise) == (other.kind == KernelKind::elementwise);
}

std::int64_t KernelOp::macs() const {
    if (kind == KernelKind::elementwise) return 0;
    std::int64_t result = detail::checked_mul(std::int64_t{ofm.height} * ofm.width, ofm.depth);
    result = detail::checked_mul(result, std::int64_t{kernel.height} * kernel.width);
    return kind == KernelKind::conv ? detail::checked_mul(result, ifm.depth) : result;
}

}  // namespace u65sim::stream
