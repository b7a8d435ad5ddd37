#include "compile/emit/block_dependency.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "compile/emit/hazards.hpp"
#include "timing/traversal.hpp"

namespace u65sim::compiler {

namespace {

using stream::FeatureMap;
using stream::KernelKind;
using stream::KernelOp;

struct Box {
    int y0 = 0, x0 = 0, c0 = 0, y1 = 0, x1 = 0, c1 = 0;  ///< ends not included
    [[nodiscard]] bool meets(const Box& o) const {
        return y0 < o.y1 && o.y0 < y1 && x0 < o.x1 && o.x0 < x1 && c0 < o.c1 && o.c0 < c1;
    }
};

int ceil_div(int a, int b) { return (a + b - 1) / b; }
int round_up(int a, int b) { return ceil_div(a, b) * b; }

/// OFM block `index` in hardware order: depth fastest, then width, then height.
std::optional<Box> block_box(const KernelOp& op, int index) {
    const int nz = ceil_div(op.ofm.depth, op.block.depth);
    const int nx = ceil_div(op.ofm.width, op.block.width);
    const int ny = ceil_div(op.ofm.height, op.block.height);
    if (index < 0 || index >= nz * nx * ny) return std::nullopt;
    const int z = index % nz;
    const int x = index / nz % nx;
    const int y = index / (nz * nx);
    Box box;
    box.y0 = y * op.block.height;
    box.x0 = x * op.block.width;
    box.c0 = z * op.block.depth;
    box.y1 = std::min(box.y0 + op.block.height, op.ofm.height);
    box.x1 = std::min(box.x0 + op.block.width, op.ofm.width);
    box.c1 = std::min(box.c0 + op.block.depth, op.ofm.depth);
    return box;
}

int block_count(const KernelOp& op) {
    return ceil_div(op.ofm.depth, op.block.depth) * ceil_div(op.ofm.width, op.block.width) *
           ceil_div(op.ofm.height, op.block.height);
}

/// The part of `map` (IFM or IFM2) that job `index` reads. Where channels are separate that is the
/// block's own ones.
std::optional<Box> job_box(const KernelOp& op, const FeatureMap& map, int index) {
    const bool separate = !timing::reduces_depth(op);
    int step = std::max(map.depth, 1);
    if (op.kind == KernelKind::conv) {
        step = std::min(8 * 32 / (8 * stream::bytes_of(map.type)), round_up(map.depth, 8));
    }
    const int nd = separate ? 1 : ceil_div(map.depth, step);
    const auto block = block_box(op, index / nd);
    if (!block) return std::nullopt;
    const auto extent = [](int n, int stride, int kernel) {
        return round_up((n - 1) * stride + kernel, 2);
    };
    Box box;
    box.y0 = std::max(0, block->y0 * op.kernel.stride_y - op.pad.top);
    box.x0 = std::max(0, block->x0 * op.kernel.stride_x - op.pad.left);
    box.y1 = std::min(map.height, box.y0 + extent(op.block.height, op.kernel.stride_y,
                                                  op.kernel.dilated_height()));
    box.x1 = std::min(
        map.width, box.x0 + extent(op.block.width, op.kernel.stride_x, op.kernel.dilated_width()));
    box.c0 = separate ? block->c0 : index % nd * step;
    box.c1 = std::min(map.depth, separate ? block->c1 : box.c0 + step);
    return box;
}

using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

/// Bytes of a box row by row.
Ranges byte_ranges(const FeatureMap& map, const Box& box) {
    Ranges ranges;
    ranges.reserve(static_cast<std::size_t>(std::max(0, box.y1 - box.y0)));
    const auto element = static_cast<std::uint64_t>(stream::bytes_of(map.type));
    for (int y = box.y0; y < box.y1; ++y) {
        ranges.emplace_back(map.address(y, box.x0, box.c0),
                            map.address(y, box.x1 - 1, box.c1 - 1) + element);
    }
    return ranges;
}

bool any_overlap(const Ranges& a, const Ranges& b) {
    return std::any_of(a.begin(), a.end(), [&](const auto& x) {
        return std::any_of(b.begin(), b.end(),
                           [&](const auto& y) { return x.first < y.second && y.first < x.second; });
    });
}

bool same_place(const FeatureMap& a, const FeatureMap& b) {
    return a.base == b.base && a.height0 == b.height0 && a.height == b.height &&
           a.width == b.width && a.depth == b.depth && a.stride_y == b.stride_y &&
           a.stride_x == b.stride_x && a.stride_c == b.stride_c && a.layout == b.layout &&
           a.type == b.type;
}

int simulate(const KernelOp& before, const KernelOp& op, const FeatureMap& input, int most) {
    const bool by_coordinates = same_place(before.ofm, input);
    const int last = block_count(before) - 1;
    // The last blocks written, the newest first, and their bytes where coordinates do not tell.
    constexpr std::size_t blocks = 3;
    std::array<std::optional<Box>, blocks> written;
    std::array<Ranges, blocks> bytes;
    for (std::size_t back = 0; back < blocks; ++back) {
        written[back] = block_box(before, last - static_cast<int>(back));
        if (written[back] && !by_coordinates) {
            bytes[back] = byte_ranges(before.ofm, *written[back]);
        }
    }
    int result = most;
    for (int job = 0; job < 3; ++job) {
        const auto box = job_box(op, input, job);
        if (!box) break;
        const Ranges needed = by_coordinates ? Ranges{} : byte_ranges(input, *box);
        int outstanding = 0;
        for (std::size_t back = 0; back < blocks && written[back]; ++back) {
            const bool hit =
                by_coordinates ? box->meets(*written[back]) : any_overlap(needed, bytes[back]);
            if (hit) break;
            ++outstanding;
        }
        result = std::min(result, job + outstanding);
    }
    return result;
}

}  // namespace

int block_dependency(const KernelOp* before, const KernelOp& op, const Architecture& arch,
                     int most) {
    if (!before) return 0;
    if (arch.reserved_end_banks == 0 && before->activation.uses_lut() &&
        !op.activation.uses_lut()) {
        return 0;
    }
    const MemoryRange written = range_of(before->ofm);
    const bool first = written.meets(range_of(op.ifm));
    const bool two = op.is_binary() && !op.broadcast.scalar;
    const bool second = two && written.meets(range_of(op.ifm2));
    if (!first && !second) return most;
    if (first && second) return 0;
    // Upscaled reads and broadcast operands do not follow the order of the blocks.
    if (op.upscale != stream::Upscale::none) return 0;
    if (second && std::int64_t{op.ifm2.height} * op.ifm2.width * op.ifm2.depth <
                      std::int64_t{op.ifm.height} * op.ifm.width * op.ifm.depth) {
        return 0;
    }
    return simulate(*before, op, first ? op.ifm : op.ifm2, most);
}

}  // namespace u65sim::compiler
