#include "compile/plan/shram.hpp"

#include <algorithm>

#include "compile/program.hpp"

namespace u65sim::compiler {

namespace {

constexpr int lut_banks = 2;
constexpr int max_sub_kernel = 8;

int granule(const ShramUser& user, const ShramGranules& g) {
    if (user.ifm_bits == 32) return g.ifm32;
    if (user.kind == stream::KernelKind::elementwise) {
        return user.ifm_bits == 16 ? g.ifm16_elementwise : g.ifm8_elementwise;
    }
    return user.ifm_bits == 16 ? g.ifm16 : g.ifm8;
}

/// Input elements along one axis for `n` output elements, all in one sub-kernel.
std::int64_t needed(std::int32_t n, int stride, int kernel, stream::Upscale upscale) {
    const int border = std::min(kernel, max_sub_kernel);
    const int nearest = upscale == stream::Upscale::nearest ? 1 : 0;
    const int by = upscale == stream::Upscale::none ? 1 : 2;
    return ceil_div(std::int64_t{n - 1} * stride + border + nearest, by);
}

/// One row of unit blocks instead of two where the map has a single row.
bool is_flat(const ShramUser& user, const Architecture& arch) {
    return user.ofm_h == 1 && user.kernel_h == 1 && arch.ofm_ublock.height == 2;
}

}  // namespace

BlockShape ifm_block(const ShramUser& user, const BlockShape& ofm_block, const Architecture& arch) {
    BlockShape block;
    block.height = static_cast<std::int32_t>(
        round_up(needed(ofm_block.height, user.stride_y, user.kernel_h, user.upscale),
                 arch.ofm_ublock.height));
    block.width = static_cast<std::int32_t>(
        round_up(needed(ofm_block.width, user.stride_x, user.kernel_w, user.upscale),
                 arch.ofm_ublock.width));
    if (!user.reduces_depth) {
        block.depth = ofm_block.depth;
    } else if (user.ifm_bits == 16) {
        block.depth = static_cast<std::int32_t>(round_up(std::min(user.ifm_c, 16), 4));
    } else {
        const std::int32_t most = user.ifm_bits == 32 || user.part_kernel ? 16 : 32;
        block.depth =
            static_cast<std::int32_t>(round_up(std::min(user.ifm_c, most), arch.ifm_ublock.depth));
    }
    return block;
}

std::optional<ShramLayout> lay_out(const ShramUser& user, const BlockShape& ofm_block,
                                   const Architecture& arch) {
    return lay_out(user, ofm_block, ifm_block(user, ofm_block, arch), arch);
}

ShramRoom::ShramRoom(const ShramUser& user, std::int32_t ofm_depth, std::int32_t ifm_depth,
                     const Architecture& arch)
    : elementwise_(user.kind == stream::KernelKind::elementwise),
      flat_(is_flat(user, arch)),
      inputs_(elementwise_ && user.two_maps ? 2 : 1),
      begin_(arch.reserved_output_banks),
      end_(arch.shram_banks - std::max(user.lut ? lut_banks : 0, arch.reserved_end_banks)),
      ifm_bytes_(round_up(std::int64_t{ifm_depth} * user.ifm_bits / 8, 8)),
      accumulator_bits_(round_up(ofm_depth, 8) * user.acc_bits),
      ifm_granule_(granule(user, arch.granules)),
      accumulator_granule_(user.acc_bits == 16   ? arch.granules.acc16
                           : user.acc_bits == 40 ? arch.granules.acc40
                                                 : arch.granules.acc32) {}

std::optional<ShramLayout> lay_out(const ShramUser& user, const BlockShape& ofm_block,
                                   const BlockShape& ifm, const Architecture& arch) {
    const ShramRoom room{user, ofm_block.depth, ifm.depth, arch};
    if (!room.fits(ofm_block, ifm)) return std::nullopt;
    const std::int64_t ifm_end = room.begin() + room.ifm_banks(ifm);
    ShramLayout layout;
    layout.ab_start = static_cast<int>(room.end() - room.accumulator_banks(ofm_block));
    if (user.kind == stream::KernelKind::elementwise) {
        layout.ib_end = layout.ab_start;
        layout.ifm2_ib_start = user.two_maps ? static_cast<int>(ifm_end) : 0;
    } else {
        layout.ib_end = static_cast<int>(ifm_end);
    }
    return layout;
}

bool is_valid_block(const ShramUser& user, const BlockShape& block, const Architecture& arch) {
    const auto& u = arch.ofm_ublock;
    if (block.height <= 0 || block.width <= 0 || block.depth <= 0) return false;
    if (block.height % u.height || block.width % u.width || block.depth % u.depth) return false;
    if (block.height > arch.max_block.height || block.width > arch.max_block.width ||
        block.depth > arch.max_block.depth) {
        return false;
    }
    if (block.depth < user.ofm_c && block.depth % 16 != 0) return false;
    return lay_out(user, block, arch).has_value();
}

}  // namespace u65sim::compiler
