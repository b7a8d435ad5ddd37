#include "stream/check.hpp"

#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

#include "stream/overlap.hpp"

namespace u65sim::stream {
namespace {

constexpr std::int64_t max_address = (std::int64_t{1} << 40) - 1;
constexpr std::int64_t max_stride = max_address >> 1;  // backwards: one more
constexpr int max_extent = 65536;

std::string out_of_range(const char* name, std::int64_t value, std::int64_t low,
                         std::int64_t high) {
    return fmt::format("{} {}: must be {} to {}", name, value, low, high);
}

std::string problem_of(const char* name, const FeatureMap& map, bool is_input) {
    struct Limit {
        const char* what;
        std::int64_t value, low, high;
    };
    for (const Limit& each :
         std::initializer_list<Limit>{{"region", map.region, 0, 7},
                                      {"width0", map.width0, 1, max_extent},
                                      {"height0", map.height0, 1, max_extent},
                                      {"height1", map.height1, 1, max_extent},
                                      {"depth", map.depth, 1, max_extent},
                                      {"height", is_input ? 1 : map.height, 1, max_extent},
                                      {"width", is_input ? 1 : map.width, 1, max_extent},
                                      {"stride_y", map.stride_y, -max_stride - 1, max_stride},
                                      {"stride_x", map.stride_x, -max_stride - 1, max_stride},
                                      {"stride_c", map.stride_c, -max_stride - 1, max_stride}}) {
        if (each.value < each.low || each.value > each.high) {
            return fmt::format("{} {}", name,
                               out_of_range(each.what, each.value, each.low, each.high));
        }
    }
    const bool bricks = map.layout == Layout::nhcwb16;
    const std::uint64_t alignment = bricks ? 16 : static_cast<std::uint64_t>(bytes_of(map.type));
    for (const std::uint64_t base : map.base) {
        if (base > static_cast<std::uint64_t>(max_address)) {
            return fmt::format("{} base {:#x}: must fit 40 bits", name, base);
        }
        if (base % alignment != 0) {
            return fmt::format("{} base {:#x}: must be a multiple of {}", name, base, alignment);
        }
    }
    const std::int64_t second = bricks ? map.stride_c : map.stride_x;
    if (map.stride_y % static_cast<std::int64_t>(alignment) != 0 ||
        second % static_cast<std::int64_t>(alignment) != 0) {
        return fmt::format("{} strides y {}, x {}, c {}: {} must be multiples of {}", name,
                           map.stride_y, map.stride_x, map.stride_c, bricks ? "y and c" : "y and x",
                           alignment);
    }
    if (!is_signed(map.type) ? map.zero_point < 0 || map.zero_point > 0xFFFF
                             : map.zero_point < -0x8000 || map.zero_point > 0x7FFF) {
        return fmt::format("{} zero point {}: must fit 16 bits of the type's sign", name,
                           map.zero_point);
    }
    return {};
}

/// An output whose elements share addresses has no bytes of its own.
std::string problem_of_output_place(const FeatureMap& map) {
    for (const int y : {std::min(map.height, map.height0) - 1, map.height - 1}) {
        for (const int x : {std::min(map.width, map.width0) - 1, map.width - 1}) {
            if (map.address(y, x, map.depth - 1) > static_cast<std::uint64_t>(max_address)) {
                return fmt::format("OFM element {},{},{}: its address must fit 40 bits", y, x,
                                   map.depth - 1);
            }
        }
    }
    if (!overlaps_itself(map)) return {};
    return fmt::format("OFM of {}x{}x{} with strides y {}, x {}, c {}: must not overlap itself",
                       map.height, map.width, map.depth, map.stride_y, map.stride_x, map.stride_c);
}

std::string problem_of_block(const KernelOp& op, const Architecture& arch) {
    const auto fits = [](std::int32_t value, std::int32_t unit, std::int32_t max) {
        return value > 0 && value <= max && value % unit == 0;
    };
    if (fits(op.block.height, arch.ofm_ublock.height, arch.max_block.height) &&
        fits(op.block.width, arch.ofm_ublock.width, arch.max_block.width) &&
        fits(op.block.depth, arch.ofm_ublock.depth, arch.max_block.depth)) {
        return {};
    }
    return fmt::format("OFM block {}x{}x{}: must be multiples of {}x{}x{} up to {}x{}x{}",
                       op.block.height, op.block.width, op.block.depth, arch.ofm_ublock.height,
                       arch.ofm_ublock.width, arch.ofm_ublock.depth, arch.max_block.height,
                       arch.max_block.width, arch.max_block.depth);
}

std::string problem_of_shram(const KernelOp& op, const Architecture& arch) {
    // Vela gives even banks, other compilers odd ones too, which devices take.
    if (op.ib_end <= arch.reserved_output_banks || op.ib_end > op.ab_start ||
        op.ab_start > arch.shram_banks) {
        return fmt::format(
            "SHRAM IFM buffers to bank {}, accumulators from {}: must be above {}, in this order "
            "and at most {}",
            op.ib_end, op.ab_start, arch.reserved_output_banks, arch.shram_banks);
    }
    if (op.is_binary() && !op.broadcast.scalar &&
        (op.ifm2_ib_start <= arch.reserved_output_banks || op.ifm2_ib_start >= op.ib_end)) {
        return fmt::format("SHRAM IFM2 buffers from bank {}: must be above {} and below {}",
                           op.ifm2_ib_start, arch.reserved_output_banks, op.ib_end);
    }
    return {};
}

std::string problem_of_ranges(const KernelOp& op) {
    const std::size_t cores = op.parallel_mode == 1 ? 2 : 1;
    if (op.weight_region < 0 || op.weight_region > 7 || op.scale_region < 0 ||
        op.scale_region > 7) {
        return "weight and scale region: must be 0 to 7";
    }
    for (std::size_t core = 0; core < 2; ++core) {
        const ByteRange& weights = op.weights[core];
        const ByteRange& scales = op.scales[core];
        if (core >= cores) {
            if (weights == ByteRange{} && scales == ByteRange{}) continue;
            return "weights of a second core: must be left out without parallel mode";
        }
        if (weights.base % 16 != 0 || weights.length % 16 != 0 ||
            weights.base > static_cast<std::uint64_t>(max_address)) {
            return fmt::format(
                "weights of {} bytes at {:#x}: must be multiples of 16 within 40 bits",
                weights.length, weights.base);
        }
        if (scales.length % 16 != 0 || scales.length >= 1U << 20 ||
            scales.base > static_cast<std::uint64_t>(max_address)) {
            return fmt::format(
                "scales of {} bytes at {:#x}: must be a multiple of 16 below 2^20 "
                "within 40 bits",
                scales.length, scales.base);
        }
    }
    return {};
}

std::string problem_of_window(const KernelOp& op) {
    const Kernel& kernel = op.kernel;
    if (kernel.stride_y < 1 || kernel.stride_y > 4 || kernel.stride_x < 1 || kernel.stride_x > 4 ||
        kernel.dilation_y < 1 || kernel.dilation_y > 2 || kernel.dilation_x < 1 ||
        kernel.dilation_x > 2) {
        return fmt::format("stride {}x{}, dilation {}x{}: must be 1 to 4 and 1 to 2",
                           kernel.stride_y, kernel.stride_x, kernel.dilation_y, kernel.dilation_x);
    }
    if (kernel.height < 1 || kernel.width < 1 || kernel.height > max_extent / 2 ||
        kernel.width > max_extent / 2) {
        return fmt::format("kernel {}x{}: must be 1 to {}", kernel.height, kernel.width,
                           max_extent / 2);
    }
    const Pad& pad = op.pad;
    if (std::min({pad.top, pad.left, pad.right, pad.bottom}) < 0 || pad.top > 127 ||
        pad.left > 127 || pad.right > 128 || pad.bottom > 128) {
        return fmt::format(
            "padding {} {} {} {}: must be 0 to 127 above and left, 0 to 128 right "
            "and below",
            pad.top, pad.left, pad.right, pad.bottom);
    }
    try {
        static_cast<void>(op.macs());
    } catch (const QuantityOverflow&) {
        return "extents: must ask for less than 2^63 multiply-accumulates";
    }
    return {};
}

bool is_scale(const Scale& scale) { return scale.shift >= 0 && scale.shift <= 63; }

std::string problem_of_output(const KernelOp& op) {
    const ActivationSpec& act = op.activation;
    const bool known = act.function == 0 || act.function == 3 || act.function == 4 ||
                       (act.function >= 16 && act.function <= 23);
    if (!known) return fmt::format("activation {}: must be 0, 3, 4 or 16 to 23", act.function);
    if (act.clip_range != 0 && act.clip_range != 2 && act.clip_range != 3 && act.clip_range != 5) {
        return fmt::format("activation clip range {}: must be 0, 2, 3 or 5", act.clip_range);
    }
    if (act.min < -0x8000 || act.min > 0x7FFF || act.max < -0x8000 || act.max > 0x7FFF) {
        return fmt::format("activation limits {} to {}: must fit int16", act.min, act.max);
    }
    if (!is_scale(op.ofm_scale) || !is_scale(op.opa_scale) || !is_scale(op.opb_scale)) {
        return "scale shift: must be 0 to 63";
    }
    return {};
}

std::string problem_of_second_input(const KernelOp& op) {
    // Of any type: Vela 3.2 multiplies the sums of a MEAN, 16 bits, by a constant of 8 bits.
    if (op.broadcast.scalar) {
        const bool fits = is_signed(op.ifm2.type)
                              ? op.ifm2_scalar >= -0x8000 && op.ifm2_scalar <= 0x7FFF
                              : op.ifm2_scalar >= 0 && op.ifm2_scalar <= 0xFFFF;
        return fits ? std::string{}
                    : fmt::format("IFM2 scalar {}: must fit 16 bits of its type's sign",
                                  op.ifm2_scalar);
    }
    return problem_of("IFM2", op.ifm2, true);
}

}  // namespace

std::string problem_of_extents(const KernelOp& op) {
    std::string problem = problem_of("IFM", op.ifm, true);
    if (problem.empty()) problem = problem_of("OFM", op.ofm, false);
    if (problem.empty()) problem = problem_of_output(op);
    if (problem.empty() && op.kind != KernelKind::elementwise) problem = problem_of_window(op);
    if (problem.empty() && op.is_binary()) problem = problem_of_second_input(op);
    return problem;
}

std::string problem_of(const KernelOp& op, const Accelerator& accelerator,
                       const Architecture& arch) {
    if (op.parallel_mode < 0 || op.parallel_mode >= accelerator.cores) {
        return fmt::format("parallel mode {}: must be below the {} core(s) of {}", op.parallel_mode,
                           accelerator.cores, accelerator_name(accelerator));
    }
    std::string problem = problem_of_extents(op);
    if (problem.empty()) problem = problem_of_output_place(op.ofm);
    if (problem.empty()) problem = problem_of_block(op, arch);
    if (problem.empty()) problem = problem_of_shram(op, arch);
    if (problem.empty() && op.has_weights()) problem = problem_of_ranges(op);
    if (problem.empty() && (op.blockdep < 0 || op.blockdep > arch.max_blockdep)) {
        problem = out_of_range("BLOCKDEP", op.blockdep, 0, arch.max_blockdep);
    }
    return problem;
}

std::string problem_of(const DmaOp& op, const Accelerator& accelerator, const Architecture& arch) {
    if (op.stride_mode < 0 || op.stride_mode > 2) {
        return out_of_range("DMA stride mode", op.stride_mode, 0, 2);
    }
    if (op.length < 1 || op.length > static_cast<std::uint64_t>(max_address)) {
        return fmt::format("DMA length {}: must be above 0 and fit 40 bits", op.length);
    }
    if (op.size0 < 1 || op.size0 > 0xFFFF || op.size1 < 1 || op.size1 > 0xFFFF) {
        return fmt::format("DMA sizes {} and {}: must be 1 to 65535", op.size0, op.size1);
    }
    if (op.skip0 < 0 || op.skip0 > max_address || op.skip1 < 0 || op.skip1 > max_address) {
        return fmt::format("DMA skips {} and {}: must fit 40 bits", op.skip0, op.skip1);
    }
    const auto repeats = static_cast<std::uint64_t>(op.runs());
    if (op.length > static_cast<std::uint64_t>(max_address) / repeats) {
        return fmt::format("DMA of {} times {} bytes: must fit 40 bits", repeats, op.length);
    }
    const bool aligned_everywhere = accelerator.product == Product::u55;
    for (const DmaEnd* end : {&op.source, &op.destination}) {
        if (end->region < 0 || end->region > 7) {
            return out_of_range("DMA region", end->region, 0, 7);
        }
        if (end->address > static_cast<std::uint64_t>(max_address)) {
            return fmt::format("DMA address {:#x}: must fit 40 bits", end->address);
        }
        if ((end->internal || aligned_everywhere) && end->address % 16 != 0) {
            return fmt::format("DMA address {:#x}: must be a multiple of 16", end->address);
        }
        const auto shram = static_cast<std::uint64_t>(arch.shram_banks) * 1024;
        const std::uint64_t total = op.length * repeats;
        if (end->internal && (total > shram || end->address > shram - total)) {
            return fmt::format("DMA of {} bytes at SHRAM address {:#x}: must stay below {}", total,
                               end->address, shram);
        }
    }
    if ((op.destination.internal || aligned_everywhere) && op.length % 16 != 0) {
        return fmt::format("DMA length {}: must be a multiple of 16", op.length);
    }
    return {};
}

void derive_input_extents(KernelOp& op) {
    const auto needed = [&](int output, int stride, int window, int padding) {
        const std::int64_t upscaled = std::int64_t{output - 1} * stride + window - padding;
        const int factor = op.upscale == Upscale::none ? 1 : 2;
        return static_cast<int>((upscaled + factor - 1) / factor);
    };
    if (op.kind == KernelKind::elementwise) {
        op.ifm.height = std::max(op.ifm.height0, needed(op.ofm.height, 1, 1, 0));
        op.ifm.width = std::max(op.ifm.width0, needed(op.ofm.width, 1, 1, 0));
    } else {
        const Kernel& kernel = op.kernel;
        op.ifm.height =
            std::max(op.ifm.height0, needed(op.ofm.height, kernel.stride_y, kernel.dilated_height(),
                                            op.pad.top + op.pad.bottom));
        op.ifm.width =
            std::max(op.ifm.width0, needed(op.ofm.width, kernel.stride_x, kernel.dilated_width(),
                                           op.pad.left + op.pad.right));
    }
    if (op.is_binary() && !op.broadcast.scalar) {
        op.ifm2.height = op.broadcast.height ? 1 : std::max(op.ifm2.height0, op.ofm.height);
        op.ifm2.width = op.broadcast.width ? 1 : std::max(op.ifm2.width0, op.ofm.width);
        op.ifm2.depth = op.broadcast.depth ? 1 : op.ifm.depth;
    }
}

bool reads_ofm_scale(const KernelOp& op) {
    return op.kind == KernelKind::elementwise || op.global_scale;
}

bool reads_operand_scales(const KernelOp& op) {
    return op.kind == KernelKind::elementwise && (op.elementwise_mode == ElementwiseMode::add ||
                                                  op.elementwise_mode == ElementwiseMode::sub);
}

}  // namespace u65sim::stream
