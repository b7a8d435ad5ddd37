#include "compile/plan/vela_cycles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "compile/plan/choose_blocks.hpp"
#include "compile/plan/lifetimes.hpp"
#include "compile/plan/shram.hpp"

namespace u65sim::compiler {

using stream::ElementwiseMode;
using stream::KernelKind;
using stream::PoolMode;

namespace {

/// Bytes that Vela's configurations state as a burst of SRAM and of others.
constexpr std::int64_t sram_burst = 32, off_chip_burst = 128;
constexpr std::int32_t sub_kernel = 8;  ///< elements on a side at most

/// Cycles of the output unit for an element, by what it does.
struct OutputRates {
    double unary32, binary32, mul32, mul, sum, max_pool, other;
    double table, clamp;  ///< of what follows
};

OutputRates rates_of(const Accelerator& accelerator) {
    switch (accelerator.macs_per_cycle * accelerator.cores) {
        case 32:
            return {2, 3, 3, 3, 6, 1, 2, 1, 1};
        case 64:
            return {1, 1.5, 1.5, 1.5, 3, 0.5, 1, 1, 1};
        case 128:
            return {0.75, 1.25, 0.75, 0.75, 1.5, 0.25, 0.5, 1, 0.5};
        case 512:
            return {0.3125, 0.5625, 0.25, 0.1875, 0.375, 0.0625, 0.125, 0.5, 0.125};
        default:
            return {0.625, 1.125, 0.5, 0.375, 0.75, 0.125, 0.25, 1, 0.25};
    }
}

double activation_rate(const NpuOp& op, const OutputRates& rates) {
    const stream::ActivationSpec& activation = op.kernel.activation;
    if (activation.uses_lut() || activation.function != 0) return rates.table;
    const IntegerRange all = range_of(op.ofm.type);
    const bool clamps = activation.min > all.low || activation.max < all.high;
    return clamps ? rates.clamp : 0;
}

double operation_rate(const NpuOp& op, const OutputRates& rates) {
    const stream::KernelOp& k = op.kernel;
    if (k.kind == KernelKind::elementwise) {
        if (op.ifm_bits() == 32) return op.binary() ? rates.binary32 : rates.unary32;
        if (k.elementwise_mode == ElementwiseMode::mul) {
            return stream::bytes_of(op.ofm.type) == 4 ? rates.mul32 : rates.mul;
        }
        const bool is_sum = k.elementwise_mode == ElementwiseMode::add ||
                            k.elementwise_mode == ElementwiseMode::sub;
        return is_sum ? rates.sum : rates.other;
    }
    if (k.acc_format == stream::AccFormat::int40) return rates.mul;
    const bool is_max = k.kind == KernelKind::pool && k.pool_mode == PoolMode::max;
    return is_max ? rates.max_pool : rates.other;
}

double rate(const Memory& memory, int axi_width) {
    const double width = axi_width;
    return memory.bandwidth == BytesPerCycle{} ? width : std::min(width, memory.bandwidth.value());
}

struct Timing {
    std::int64_t read_latency, write_latency, burst;
    double bytes_per_cycle;
    [[nodiscard]] std::int64_t cycles(std::int64_t bytes) const {
        return static_cast<std::int64_t>(static_cast<float>(bytes) /
                                         static_cast<float>(bytes_per_cycle));
    }
};

Timing timing_of(const Program& program, bool is_sram) {
    const Memory& memory = is_sram ? program.target->sram : program.target->off_chip;
    return {memory.read_latency.count(), memory.write_latency.count(),
            is_sram ? sram_burst : off_chip_burst, rate(memory, program.arch.axi_width_bytes)};
}

bool is_in_sram(const Program& program, const View& view) {
    return !program.spilling() || program.buffer(view).copy_of != no_buffer;
}

Extent clipped(const BlockShape& block, const Extent& map) {
    return {std::min(block.height, map.h), std::min(block.width, map.w),
            std::min(block.depth, map.c)};
}

/// Bytes that lie together where a block of a map is read.
std::int64_t read_run(const View& map, stream::Layout layout, const BlockShape& block) {
    const std::int64_t bytes = stream::bytes_of(map.type);
    const std::int64_t all = bytes * block.depth * block.width;
    if (layout == stream::Layout::nhcwb16) {
        return 16 * bytes * map.extent.w == block.depth ? all : 16 * bytes * block.width;
    }
    return bytes * map.extent.c == block.depth ? all : bytes * block.depth;
}

/// And where one is written, `channels` of them.
std::int64_t write_run(const View& map, stream::Layout layout, const BlockShape& block,
                       std::int64_t channels, int cores) {
    const std::int64_t bytes = stream::bytes_of(map.type);
    const std::int64_t all = bytes * block.depth * block.width;
    if (layout == stream::Layout::nhcwb16) {
        return 16 * bytes * map.extent.w == block.depth ? all : 16 * bytes * block.width * cores;
    }
    if (block.depth <= 16 && bytes * channels == block.depth) return all;
    return std::min({std::int64_t{64}, 16 * bytes * cores, bytes * block.depth});
}

std::int64_t in_bursts(std::int64_t bytes, std::int64_t run, std::int64_t burst) {
    return bytes * burst / std::min(burst, run);
}

/// Cycles counted for one block of an operation.
class BlockCycles {
public:
    BlockCycles(const Program& program, const NpuOp& op, const VelaPart& part)
        : program_(program),
          op_(op),
          part_(part),
          out_{op.ofm.extent.h, op.ofm.extent.w, part.depth},
          ofm_(clipped(op.kernel.block, out_)),
          in_(ifm_block(shram_user(op), op.kernel.block, program.arch)) {}

    [[nodiscard]] std::int64_t all() const {
        return op_.kernel.kind == KernelKind::elementwise ? elementwise() : with_macs();
    }

private:
    [[nodiscard]] std::int64_t input_of(const View& map, bool is_fast) const {
        const Timing memory = timing_of(program_, is_fast || is_in_sram(program_, map));
        const std::int64_t bytes = clipped(in_, map.extent).elements() * stream::bytes_of(map.type);
        const std::int64_t run = read_run(map, program_.buffer(map).layout, in_);
        return memory.read_latency + memory.cycles(in_bursts(bytes, run, memory.burst));
    }

    [[nodiscard]] std::int64_t input() const {
        const std::int64_t first = input_of(op_.ifm, part_.ifm_fast);
        return op_.ifm2.valid() ? std::max(first, input_of(op_.ifm2, false)) : first;
    }

    [[nodiscard]] std::int64_t result() const {
        const Timing memory = timing_of(program_, !program_.spilling());
        const std::int64_t bytes = ofm_.elements() * stream::bytes_of(op_.ofm.type);
        const std::int64_t run = write_run(op_.ofm, program_.buffer(op_.ofm).layout,
                                           op_.kernel.block, part_.depth, cores());
        return memory.write_latency + memory.cycles(in_bursts(bytes, run, memory.burst));
    }

    [[nodiscard]] int cores() const { return program_.target->accelerator.cores; }

    [[nodiscard]] double output_rate() const {
        const OutputRates rates = rates_of(program_.target->accelerator);
        return std::max(operation_rate(op_, rates), activation_rate(op_, rates));
    }

    /// Ublocks of an extent; a row of a map that has no other is taken four wide.
    [[nodiscard]] Extent ublocks(const Extent& map) const {
        const BlockShape& ublock = program_.arch.ofm_ublock;
        const bool is_conv = op_.kernel.kind == KernelKind::conv;
        const bool is_flat = ublock.height == 2 && is_conv && out_.h == 1 && out_.w % 2 == 0 &&
                             op_.kernel.kernel.height == 1;
        const int height = is_flat ? 1 : ublock.height;
        const int width = is_flat ? 4 : ublock.width;
        const auto parts = [](std::int32_t of, std::int32_t by) { return (of + by - 1) / by; };
        return {parts(map.h, height), parts(map.w, width), parts(map.c, ublock.depth)};
    }

    /// Cycles of the array for so many elements of a kernel.
    [[nodiscard]] std::int64_t array_cycles(std::int32_t elements) const {
        const Extent u = ublocks(ofm_);
        const std::int64_t plane = std::int64_t{u.h} * u.w;
        const std::int64_t decoder = 4 * program_.arch.ofm_ublock.depth;
        const stream::KernelOp& k = op_.kernel;
        const int bits = op_.ifm_bits();
        std::int64_t steps = elements, cycles = 0, groups = 1;
        if (k.kind == KernelKind::pool && k.pool_mode != PoolMode::reduce_sum) {
            steps = 1;
            // As published: four times as many as the array takes for 8 bits.
            const int times = program_.target->accelerator.macs_per_cycle == 32 ? 1 : bits / 2;
            cycles = std::max(4, elements) * u.elements() * times;
        } else if (k.kind == KernelKind::depthwise) {
            steps = ceil_div(elements, 4);
            cycles = std::max(decoder, 4 * plane * (bits / 8)) * steps * u.c;
        } else {
            if (k.kind == KernelKind::conv && k.kernel.part_kernel_first) {
                steps = ceil_div(elements, bits == 16 ? 2 : 4);
                groups = ceil_div(std::min(op_.ifm.extent.c, in_.depth), 8);
            }
            cycles = std::max(decoder, 4 * plane) * steps * u.c * groups;
        }
        return cycles + groups * delay_cycles(u, steps);
    }

    /// What a step waits for its own sums.
    [[nodiscard]] std::int64_t delay_cycles(const Extent& u, std::int64_t steps) const {
        const int macs = program_.target->accelerator.macs_per_cycle;
        const bool wide = op_.kernel.acc_format == stream::AccFormat::int40;
        const std::int64_t delay = macs == 32 ? (wide ? 7 : 3) : wide && macs <= 128 ? 3 : 2;
        std::int64_t cycles = 0;
        if (u.h == 1 && u.w == 1) {
            cycles = u.c == 1 ? delay * steps : delay * (steps - 1) * u.c;
        }
        if (macs == 32 && wide && (u.h == 1 || u.w == 1) && u.c > 1) cycles += delay * u.c;
        return cycles;
    }

    [[nodiscard]] std::int64_t macs() const {
        const stream::Kernel& kernel = op_.kernel.kernel;
        std::int64_t cycles = 0;
        for (std::int32_t x = 0; x < kernel.width; x += sub_kernel) {
            for (std::int32_t y = 0; y < kernel.height; y += sub_kernel) {
                cycles += array_cycles(std::min(kernel.width - x, sub_kernel) *
                                       std::min(kernel.height - y, sub_kernel));
            }
        }
        const bool reduces =
            op_.kernel.kind == KernelKind::conv ||
            (op_.kernel.kind == KernelKind::pool && op_.kernel.pool_mode == PoolMode::reduce_sum);
        if (reduces) {
            cycles *= ceil_div(op_.ifm.extent.c, std::min(op_.ifm.extent.c, in_.depth));
        }
        return cycles / cores();
    }

    [[nodiscard]] std::int64_t with_macs() const {
        const double blocks = static_cast<double>(ublocks(out_).elements()) /
                              static_cast<double>(ublocks(ofm_).elements());
        double output = std::ceil(output_rate() * static_cast<double>(ofm_.elements()));
        if (op_.kernel.has_weights()) {
            // Records of ten bytes a channel, 256 bytes a latency.
            const auto latency = timing_of(program_, part_.weights_fast).read_latency;
            output = std::max(output, 10.0 * ofm_.c * static_cast<double>(latency) / 256);
        }
        const auto array = static_cast<double>(macs());
        const std::int64_t read = input(), written = result();
        const auto apart = static_cast<double>(blocks > 1 ? std::abs(written - read) : 0);
        const double issued = (apart + array + output) / 4;  // parts of a block's way
        const double whole_array = std::max(array, issued);
        const double whole_output = std::max(output, issued);
        double cycles = 0;
        if (whole_array > whole_output) {
            cycles = std::floor(whole_array * blocks) + (part_.last ? whole_output : 0);
        } else {
            cycles = whole_output * blocks + whole_array;
        }
        return static_cast<std::int64_t>(cycles) + (part_.last ? written : 0) +
               (part_.first ? read : 0);
    }

    [[nodiscard]] std::int64_t elementwise() const {
        const bool in_bricks = program_.buffer(op_.ofm).layout == stream::Layout::nhcwb16;
        const std::int64_t depth = in_bricks ? round_up(part_.depth, brick_channels) : part_.depth;
        const auto elements = static_cast<double>(std::int64_t{out_.h} * out_.w * depth);
        const double each = output_rate();
        const auto moved = static_cast<double>(std::max(input(), result()));
        const double issued = (moved / static_cast<double>(op_.kernel.block.elements()) + each) / 4;
        return static_cast<std::int64_t>(
            std::max(std::ceil(each * elements), std::ceil(issued * elements)));
    }

    const Program& program_;
    const NpuOp& op_;
    const VelaPart& part_;
    const Extent out_;     ///< what is made
    const Extent ofm_;     ///< a block of it
    const BlockShape in_;  ///< and of what is read
};

std::int64_t elements_in(const View& map, stream::Layout layout, const Extent& extent) {
    const bool in_bricks = layout == stream::Layout::nhcwb16;
    return std::int64_t{extent.h} * extent.w *
           (in_bricks ? round_up(extent.c, brick_channels) : extent.c) * (map.valid() ? 1 : 0);
}

}  // namespace

std::int64_t vela_cycles(const Program& program, const NpuOp& op, const VelaPart& part) {
    return BlockCycles{program, op, part}.all();
}

std::int64_t vela_cycles(const Program& program, const NpuOp& op) {
    return vela_cycles(program, op, {op.ofm.extent.c});
}

VelaAccesses vela_accesses(const Program& program, const NpuOp& op, std::int32_t depth) {
    const stream::Layout layout = program.buffer(op.ifm).layout;
    const Extent out{op.ofm.extent.h, op.ofm.extent.w, depth};
    VelaAccesses accesses;
    accesses.ofm = elements_in(op.ofm, program.buffer(op.ofm).layout, out);
    if (op.kernel.kind == KernelKind::elementwise) {
        accesses.ifm = elements_in(op.ifm, layout, out);
        accesses.ifm2 = elements_in(op.ifm2, layout, out);
        return accesses;
    }
    const Extent block = clipped(op.kernel.block, out);
    const BlockShape read = ifm_block(shram_user(op), op.kernel.block, program.arch);
    const Extent in = clipped(read, op.ifm.extent);
    const std::int64_t plane = std::int64_t{ceil_div(out.h, block.h)} * ceil_div(out.w, block.w);
    const bool keeps_channels =
        op.kernel.kind == KernelKind::depthwise || op.kernel.kind == KernelKind::pool;
    const std::int64_t blocks = plane * (keeps_channels ? 1 : ceil_div(out.c, block.c));
    const stream::Kernel& kernel = op.kernel.kernel;
    const std::int64_t parts =
        std::int64_t{ceil_div(kernel.width, sub_kernel)} * ceil_div(kernel.height, sub_kernel);
    accesses.ifm = elements_in(op.ifm, layout, {in.h, in.w, op.ifm.extent.c}) * parts * blocks;
    accesses.weight_passes = op.kernel.has_weights() ? plane : 0;
    return accesses;
}

VelaPerformance vela_performance(const Program& program, const NpuOp& op,
                                 const VelaSlices& slices) {
    const Target& target = *program.target;
    const Memory& weights = slices.copied ? target.sram : target.off_chip;
    const std::int64_t element = stream::bytes_of(op.ifm.type);
    VelaPerformance result;
    result.ifm_size = op.ifm.extent.elements() * element;
    std::int64_t passes = 0, slack = slices.slack;
    for (std::size_t i = 0; i < slices.depths.size(); ++i) {
        const std::int32_t depth = slices.depths[i];
        const VelaAccesses accesses = vela_accesses(program, op, depth);
        result.ifm_bytes += accesses.ifm * element;
        result.weight_bytes += slices.sizes[i] * accesses.weight_passes;
        passes += accesses.weight_passes;
        const bool is_last = i + 1 == slices.depths.size();
        result.last_slice = vela_cycles(program, op,
                                        {.depth = depth,
                                         .first = i == 0,
                                         .last = is_last,
                                         .weights_fast = slices.copied,
                                         .ifm_fast = slices.ifm_fast});
        if (slices.copied) {
            const std::int64_t copy = vela_copy_cycles(target, slices.sizes[i]);
            result.waits += std::max<std::int64_t>(copy - slack, 0);
        }
        result.run += result.last_slice;
        slack = slices.twice ? result.last_slice : 0;
    }
    const bool ifm_fast = slices.ifm_fast || is_in_sram(program, op.ifm);
    result.weight_cycles =
        passes == 0
            ? 0
            : vela_read_cycles(target, weights, result.weight_bytes / passes) * passes * op.stripes;
    result.ifm_cycles =
        vela_read_cycles(target, ifm_fast ? target.sram : target.off_chip, result.ifm_bytes) *
        op.stripes;
    result.run *= op.stripes;
    result.weight_bytes *= op.stripes;
    return result;
}

std::int64_t vela_copy_cycles(const Target& target, std::int64_t bytes) {
    const int width = architecture(target.accelerator).axi_width_bytes;
    const auto cycles = [&](const Memory& memory) {
        return static_cast<std::int64_t>(static_cast<float>(bytes) /
                                         static_cast<float>(rate(memory, width)));
    };
    return std::max(cycles(target.off_chip) + target.off_chip.read_latency.count(),
                    cycles(target.sram) + target.sram.write_latency.count());
}

std::int64_t vela_read_cycles(const Target& target, const Memory& memory, std::int64_t bytes) {
    const int width = architecture(target.accelerator).axi_width_bytes;
    return static_cast<std::int64_t>(static_cast<double>(bytes) / rate(memory, width)) +
           memory.read_latency.count();
}

}  // namespace u65sim::compiler
