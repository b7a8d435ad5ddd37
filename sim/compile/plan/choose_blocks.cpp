#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>
#include <u65sim/error.hpp>

#include "compile/passes.hpp"
#include "compile/plan/choose_blocks.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

/// Share of useful multiplications of the two weight orders.
struct OrderUse {
    double depth_first, part_kernel;
};
OrderUse order_use(const NpuOp& op) {
    const bool wide = op.ifm_bits() == 16;
    const double c = op.ifm.extent.c;
    const auto depth = static_cast<double>(round_up(op.ifm.extent.c, wide ? 16 : 32));
    const auto groups = static_cast<double>(round_up(op.ifm.extent.c, 8));
    const std::int64_t elements = std::int64_t{op.kernel.kernel.height} * op.kernel.kernel.width;
    const auto steps = static_cast<double>(round_up(elements, wide ? 2 : 4));
    return {c / depth, c / groups * static_cast<double>(elements) / steps};
}

bool may_be_part_kernel(const NpuOp& op) {
    return op.kernel.kind == KernelKind::conv && !op.vector_product;
}

/// Which order the weights are stored in.
bool is_part_kernel(const NpuOp& op) {
    if (!may_be_part_kernel(op)) return false;
    const OrderUse use = order_use(op);
    return op.ifm.extent.c <= 8 || use.part_kernel >= use.depth_first;
}

/// Which one the search assumes: the published compiler's test differs on a tie.
bool searches_part_kernel(const NpuOp& op) {
    if (!may_be_part_kernel(op)) return false;
    const OrderUse use = order_use(op);
    return op.ifm.extent.c <= 8 || use.part_kernel > use.depth_first;
}

struct Hash {
    std::size_t operator()(const std::pair<ShramUser, int>& key) const {
        const ShramUser& u = key.first;
        const std::int64_t words[] = {
            static_cast<int>(u.kind) + 8 * u.reduces_depth + 16 * u.vector_product +
                32 * u.part_kernel + 64 * u.two_maps + 128 * u.lut + 256 * u.ifm_bits +
                65536 * u.acc_bits + 8388608 * static_cast<int>(u.upscale),
            u.kernel_h * 65536 + u.kernel_w,
            u.stride_y * 65536 + u.stride_x,
            std::int64_t{u.ofm_h} * 65536 + u.ofm_w,
            std::int64_t{u.ofm_c} * 65536 + u.ifm_h,
            std::int64_t{u.ifm_w} * 65536 + u.ifm_c,
            key.second};
        std::size_t h = 1469598103934665603ULL;
        for (const auto w : words) h = (h ^ static_cast<std::size_t>(w)) * 1099511628211ULL;
        return h;
    }
};

/// What an extent of a block along one axis comes to.
struct Side {
    std::int32_t ofm, ifm;  ///< of the block
    double count, part;     ///< blocks along the axis, whole ones and exactly
};

/// The best block by bytes fetched per output element (published compiler's search).
std::optional<BlockShape> search(const ShramUser& user, const Architecture& arch) {
    const BlockShape& u = arch.ofm_ublock;
    const auto space = [](std::int32_t extent, std::int32_t most, std::int32_t unit) {
        return static_cast<std::int32_t>(round_up(std::min(extent, most), unit));
    };
    const std::int32_t space_h = space(user.ofm_h, arch.max_block.height, u.height);
    const std::int32_t space_w = space(user.ofm_w, arch.max_block.width, u.width);
    const std::int32_t space_d = space(user.ofm_c, arch.max_block.depth, u.depth);
    const bool elementwise = user.kind == KernelKind::elementwise;
    const bool depthwise = user.kind == KernelKind::depthwise;
    const bool pool = user.kind == KernelKind::pool;
    const bool flat = user.ofm_h == 1 && user.kernel_h == 1 && u.height == 2;
    const double ofm_elements = static_cast<double>(user.ofm_h) * user.ofm_w * user.ofm_c;
    const double area = static_cast<double>(user.kernel_h) * user.kernel_w;
    const double repeats =
        static_cast<double>(ceil_div(user.kernel_h, 8) * ceil_div(user.kernel_w, 8));
    const double ifm_elements = static_cast<double>(user.ifm_h) * user.ifm_w * user.ifm_c;

    const auto side = [](std::int32_t ofm, std::int32_t real, std::int32_t ifm,
                         std::int32_t extent) {
        return Side{ofm, ifm, static_cast<double>(ceil_div(extent, real)),
                    static_cast<double>(extent) / real};
    };
    std::vector<Side> heights, widths;
    for (std::int32_t height = u.height; height <= space_h; height += u.height) {
        const BlockShape in = ifm_block(user, {height, u.width, u.depth}, arch);
        heights.push_back(side(height, flat ? 1 : height, in.height, user.ofm_h));
    }
    for (std::int32_t width = u.width; width <= space_w; width += u.width) {
        const BlockShape in = ifm_block(user, {u.height, width, u.depth}, arch);
        widths.push_back(side(width, width, in.width, user.ofm_w));
    }

    std::optional<BlockShape> best;
    double best_cost = std::numeric_limits<double>::infinity();
    double best_coverage = std::numeric_limits<double>::infinity();
    for (std::int32_t depth = std::max(u.depth, std::min(space_d, 16)); depth <= space_d;
         depth += u.depth) {
        if (depth < user.ofm_c) depth = static_cast<std::int32_t>(round_up(depth, 16));
        if (depth > space_d) break;
        const std::int32_t ifm_depth = ifm_block(user, {u.height, u.width, depth}, arch).depth;
        const auto count_d = static_cast<double>(ceil_div(user.ofm_c, depth));
        const double part_d = static_cast<double>(user.ofm_c) / depth;
        // For each height the widest blocks that fit: wider ones need more of everything.
        std::size_t fitting = widths.size();
        for (const Side& h : heights) {
            for (std::size_t i = 0; i < fitting; ++i) {
                const Side& w = widths[i];
                const BlockShape block{h.ofm, w.ofm, depth};
                const BlockShape in{h.ifm, w.ifm, ifm_depth};
                if (!lay_out(user, block, in, arch)) {
                    fitting = i;
                    break;
                }
                double cost = 0;
                if (elementwise) {
                    const std::int32_t real_h = flat ? 1 : h.ofm;
                    cost =
                        std::max(ofm_elements / (static_cast<double>(real_h) * w.ofm * depth), 1.0);
                } else {
                    double weight_fetch = 0;
                    if (!pool && !user.vector_product) {
                        weight_fetch = area * user.ifm_c * w.count * h.count;
                        if (!depthwise) weight_fetch *= depth * part_d;
                    }
                    double ifm_fetch = static_cast<double>(in.width) * in.height * user.ifm_c *
                                       repeats * w.part * h.part;
                    if (!depthwise && !pool) ifm_fetch *= count_d;
                    cost = (ifm_fetch + weight_fetch) / ofm_elements;
                }
                const double in_elements = static_cast<double>(in.height) * in.width * in.depth;
                if (ifm_elements < 2 * in_elements) cost /= 2;
                if (cost > best_cost) continue;
                const double coverage = static_cast<double>(user.ifm_h) * user.ifm_w /
                                        (static_cast<double>(std::min(user.ifm_h, in.height)) *
                                         std::min(user.ifm_w, in.width));
                if (cost == best_cost) {
                    if (h.ofm > 4 || w.ofm > 4 || coverage > best_coverage) continue;
                }
                best = block;
                best_cost = cost;
                best_coverage = coverage;
            }
            if (fitting == 0) break;
        }
    }
    return best;
}

}  // namespace

ShramUser shram_user(const NpuOp& op) {
    const stream::KernelOp& k = op.kernel;
    ShramUser user;
    user.kind = k.kind;
    user.reduces_depth =
        k.kind == KernelKind::conv ||
        (k.kind == KernelKind::pool && k.pool_mode == stream::PoolMode::reduce_sum);
    user.vector_product = op.vector_product;
    user.part_kernel = searches_part_kernel(op);
    user.two_maps = op.binary() && !k.broadcast.scalar;
    user.lut = !op.lut.empty();
    user.ifm_bits = op.ifm_bits();
    const bool quantised = op.ifm.scale > 0 && op.ofm.scale > 0;
    user.acc_bits = user.ifm_bits == 16 && k.kind != KernelKind::pool && quantised ? 40 : 32;
    user.kernel_h = k.kernel.dilated_height();
    user.kernel_w = k.kernel.dilated_width();
    user.stride_y = k.kernel.stride_y;
    user.stride_x = k.kernel.stride_x;
    user.upscale = k.upscale;
    user.ofm_h = op.ofm.extent.h;
    user.ofm_w = op.ofm.extent.w;
    user.ofm_c = op.ofm.extent.c;
    user.ifm_h = op.ifm.extent.h;
    user.ifm_w = op.ifm.extent.w;
    user.ifm_c = op.ifm.extent.c;
    if (user.two_maps && op.ifm2.extent.elements() > op.ifm.extent.elements()) {
        user.ifm_h = op.ifm2.extent.h;
        user.ifm_w = op.ifm2.extent.w;
        user.ifm_c = op.ifm2.extent.c;
    }
    return user;
}

std::optional<BlockShape> find_block(const ShramUser& user, const Accelerator& accelerator,
                                     const Architecture& arch) {
    static std::mutex mutex;
    static std::unordered_map<std::pair<ShramUser, int>, BlockShape, Hash> known;
    const auto key = std::pair{user, (accelerator.macs_per_cycle * 16 + accelerator.cores) * 8 +
                                         accelerator.hypothetical.shram};
    {
        const std::lock_guard lock(mutex);
        if (const auto it = known.find(key); it != known.end()) return it->second;
    }
    const auto found = search(user, arch);
    if (found) {
        const std::lock_guard lock(mutex);
        if (known.size() > 65536) known.clear();
        known.emplace(key, *found);
    }
    return found;
}

void choose_block(NpuOp& op, const Target& target, const Architecture& arch) {
    const ShramUser user = shram_user(op);
    const auto block = find_block(user, target.accelerator, arch);
    if (!block) {
        throw InvalidModel(
            fmt::format("{}: no output block fits the shared buffer of {} banks (kernel {}x{}, "
                        "input {} bit)",
                        op.name, arch.shram_banks, user.kernel_h, user.kernel_w, user.ifm_bits));
    }
    const ShramLayout layout = *lay_out(user, *block, arch);
    op.kernel.block = *block;
    op.kernel.ib_end = layout.ib_end;
    op.kernel.ab_start = layout.ab_start;
    op.kernel.ifm2_ib_start = layout.ifm2_ib_start;
    op.kernel.acc_format =
        user.acc_bits == 40 ? stream::AccFormat::int40 : stream::AccFormat::int32;
    op.kernel.kernel.part_kernel_first = is_part_kernel(op);
    op.kernel.parallel_mode = target.accelerator.cores > 1 ? 1 : 0;
}

void choose_blocks(Program& program) {
    for (auto& segment : program.segments) {
        for (auto& op : segment.ops) {
            try {
                choose_block(op, *program.target, program.arch);
            } catch (const InvalidModel& error) {
                program.refusals.try_emplace(op.graph_operator, error.what());
            }
        }
    }
}

}  // namespace u65sim::compiler
