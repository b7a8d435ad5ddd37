#include "compile/plan/block_search.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "base/hash.hpp"
#include "base/rounding.hpp"
#include "compile/plan/lifetimes.hpp"

namespace u65sim::compiler {

using stream::KernelKind;

namespace {

/// Kernel elements along an axis that one job takes (register description).
constexpr std::int32_t sub_kernel = 8;
/// Among blocks of equal cost only those with no side above this may replace the first one found
/// (published compiler's search).
constexpr std::int32_t small_side = 4;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// What an extent of a block along one axis comes to.
struct Side {
    std::int32_t ofm, ifm;  ///< of the block
    double count, part;     ///< blocks along the axis, whole ones and exactly
    float single_part;      ///< in single precision
};

/// The best block by bytes fetched per output element (published compiler's search).
class BlockSearch {
public:
    BlockSearch(const ShramUser& user, const Architecture& arch)
        : user_(user),
          arch_(arch),
          flat_(user.ofm_h == 1 && user.kernel_h == 1 && arch.ofm_ublock.height == 2),
          ofm_elements_(static_cast<double>(user.ofm_h) * user.ofm_w * user.ofm_c),
          ifm_elements_(static_cast<double>(user.ifm_h) * user.ifm_w * user.ifm_c),
          area_(static_cast<double>(user.kernel_h) * user.kernel_w),
          sub_kernels_(static_cast<double>(ceil_div(user.kernel_h, sub_kernel) *
                                           ceil_div(user.kernel_w, sub_kernel))) {}

    std::optional<BlockShape> run() {
        find_sides();
        const BlockShape& u = arch_.ofm_ublock;
        const std::int32_t space = extent_of(user_.ofm_c, arch_.max_block.depth, u.depth);
        for (std::int32_t depth = std::max(u.depth, std::min(space, brick_channels));
             depth <= space; depth += u.depth) {
            if (depth < user_.ofm_c) {
                depth = static_cast<std::int32_t>(round_up(depth, brick_channels));
            }
            if (depth > space) break;
            try_depth(depth);
        }
        return best_;
    }

private:
    /// The largest extent worth trying along an axis.
    static std::int32_t extent_of(std::int32_t map, std::int32_t most, std::int32_t unit) {
        return static_cast<std::int32_t>(round_up(std::min(map, most), unit));
    }

    void find_sides() {
        const BlockShape& u = arch_.ofm_ublock;
        const auto side = [](std::int32_t ofm, std::int32_t real, std::int32_t ifm,
                             std::int32_t extent) {
            return Side{ofm, ifm, static_cast<double>(ceil_div(extent, real)),
                        static_cast<double>(extent) / real,
                        static_cast<float>(extent) / static_cast<float>(real)};
        };
        const std::int32_t space_h = extent_of(user_.ofm_h, arch_.max_block.height, u.height);
        for (std::int32_t height = u.height; height <= space_h; height += u.height) {
            const BlockShape in = ifm_block(user_, {height, u.width, u.depth}, arch_);
            heights_.push_back(side(height, flat_ ? 1 : height, in.height, user_.ofm_h));
        }
        const std::int32_t space_w = extent_of(user_.ofm_w, arch_.max_block.width, u.width);
        for (std::int32_t width = u.width; width <= space_w; width += u.width) {
            const BlockShape in = ifm_block(user_, {u.height, width, u.depth}, arch_);
            widths_.push_back(side(width, width, in.width, user_.ofm_w));
        }
    }

    void try_depth(std::int32_t depth) {
        const BlockShape& u = arch_.ofm_ublock;
        const std::int32_t ifm_depth = ifm_block(user_, {u.height, u.width, depth}, arch_).depth;
        const DepthCosts costs = costs_of(depth);
        const ShramRoom room{user_, depth, ifm_depth, arch_};
        const auto block_of = [&](const Side& h, const Side& w) {
            return std::pair{BlockShape{h.ofm, w.ofm, depth}, BlockShape{h.ifm, w.ifm, ifm_depth}};
        };
        // Higher and wider blocks need more of everything.
        std::size_t fitting = widths_.size();
        for (const Side& h : heights_) {
            for (; fitting > 0; --fitting) {
                const auto [block, in] = block_of(h, widths_[fitting - 1]);
                if (room.fits(block, in)) break;
            }
            if (fitting == 0) break;
            for (std::size_t i = 0; i < fitting; ++i) {
                const auto [block, in] = block_of(h, widths_[i]);
                consider(block, in, cost_of(h, widths_[i], costs));
            }
        }
    }

    /// What of a block's cost is the same for all blocks of a depth.
    struct DepthCosts {
        double depth;
        double weights;     ///< output channels that each position of a block fetches weights of
        double ifm_passes;  ///< over the input
    };
    [[nodiscard]] DepthCosts costs_of(std::int32_t depth) const {
        const bool depthwise = user_.kind == KernelKind::depthwise;
        const bool pool = user_.kind == KernelKind::pool;
        return {static_cast<double>(depth),
                depthwise ? 1.0 : depth * (static_cast<double>(user_.ofm_c) / depth),
                depthwise || pool ? 1.0 : static_cast<double>(ceil_div(user_.ofm_c, depth))};
    }

    /// Elements fetched per output element; blocks for elementwise operations.
    [[nodiscard]] double cost_of(const Side& h, const Side& w, const DepthCosts& costs) const {
        if (user_.kind == KernelKind::elementwise) {
            const std::int32_t real_h = flat_ ? 1 : h.ofm;
            return std::max(ofm_elements_ / (static_cast<double>(real_h) * w.ofm * costs.depth),
                            1.0);
        }
        double weight_fetch = 0;
        if (user_.kind != KernelKind::pool && !user_.vector_product) {
            weight_fetch = area_ * user_.ifm_c * w.count * h.count * costs.weights;
        }
        const double ifm_block = static_cast<double>(w.ifm) * h.ifm * user_.ifm_c * sub_kernels_;
        if (user_.single_precision) {
            const float ifm_fetch = static_cast<float>(ifm_block) * w.single_part * h.single_part *
                                    static_cast<float>(costs.ifm_passes);
            return (ifm_fetch + static_cast<float>(weight_fetch)) /
                   static_cast<float>(ofm_elements_);
        }
        return (ifm_block * w.part * h.part * costs.ifm_passes + weight_fetch) / ofm_elements_;
    }

    void consider(const BlockShape& block, const BlockShape& in, double cost) {
        // Maps that two blocks cover are fetched once.
        const double in_elements = static_cast<double>(in.height) * in.width * in.depth;
        if (ifm_elements_ < 2 * in_elements) cost /= 2;
        if (cost > best_cost_) return;
        const double coverage = static_cast<double>(user_.ifm_h) * user_.ifm_w /
                                (static_cast<double>(std::min(user_.ifm_h, in.height)) *
                                 std::min(user_.ifm_w, in.width));
        if (cost == best_cost_ &&
            (block.height > small_side || block.width > small_side || coverage > best_coverage_)) {
            return;
        }
        best_ = block;
        best_coverage_ = user_.single_precision && cost < best_cost_ ? infinity : coverage;
        best_cost_ = cost;
    }

    const ShramUser& user_;
    const Architecture& arch_;
    const bool flat_;  ///< one row of unit blocks instead of two
    const double ofm_elements_, ifm_elements_, area_, sub_kernels_;
    std::vector<Side> heights_, widths_;
    std::optional<BlockShape> best_;
    double best_cost_ = infinity;
    double best_coverage_ = infinity;
};

}  // namespace

std::size_t BlockKeyHash::operator()(const BlockKey& key) const {
    const ShramUser& u = key.first;
    const std::int64_t fields[] = {static_cast<int>(u.kind) + 8 * u.reduces_depth +
                                       16 * u.vector_product + 32 * u.part_kernel +
                                       64 * u.two_maps + 128 * u.lut +
                                       256 * (u.ifm_bits + 64 * u.single_precision) +
                                       65536 * u.acc_bits + 8388608 * static_cast<int>(u.upscale),
                                   u.kernel_h * 65536 + u.kernel_w,
                                   u.stride_y * 65536 + u.stride_x,
                                   std::int64_t{u.ofm_h} * 65536 + u.ofm_w,
                                   std::int64_t{u.ofm_c} * 65536 + u.ifm_h,
                                   std::int64_t{u.ifm_w} * 65536 + u.ifm_c,
                                   key.second};
    std::array<std::uint64_t, std::size(fields)> words;
    std::copy(std::begin(fields), std::end(fields), words.begin());
    return hash_words(words);
}

std::optional<BlockShape> find_block(const ShramUser& user, const Accelerator& accelerator,
                                     const Architecture& arch, BlockCache& cache) {
    const BlockKey key{user, (accelerator.macs_per_cycle * 16 + accelerator.cores) * 8 +
                                 accelerator.hypothetical.shram};
    if (const auto known = cache.find(key)) return known;
    const auto found = BlockSearch{user, arch}.run();
    if (found) cache.insert(key, *found);
    return found;
}

}  // namespace u65sim::compiler
