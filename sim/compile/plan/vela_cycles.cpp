#include "compile/plan/vela_cycles.hpp"

#include <algorithm>
#include <cmath>

#include "compile/build_kernel.hpp"
#include "compile/plan/choose_blocks.hpp"
#include "compile/plan/shram.hpp"
#include "timing/mac_array.hpp"
#include "timing/output_unit.hpp"

namespace u65sim::compiler {

namespace {

/// Bytes that Vela's configurations state as a burst of SRAM and of others.
constexpr double sram_burst = 32, off_chip_burst = 128;

struct MapMemory {
    double read_latency, write_latency, bytes_per_cycle, burst;
};

double rate(const Memory& memory, const Architecture& arch) {
    const double width = arch.axi_width_bytes;
    return memory.bandwidth == BytesPerCycle{} ? width : std::min(width, memory.bandwidth.value());
}

MapMemory map_memory(const Program& program) {
    const bool spilling = program.spilling();
    const Memory& memory = spilling ? program.target->off_chip : program.target->sram;
    return {static_cast<double>(memory.read_latency.count()),
            static_cast<double>(memory.write_latency.count()), rate(memory, program.arch),
            spilling ? off_chip_burst : sram_burst};
}

/// Bytes that lie together where a block of a map is read.
double read_run(const View& map, stream::Layout layout, const BlockShape& block) {
    const double width = block.width, depth = block.depth;
    if (map.extent.c == block.depth) return depth * width;
    return layout == stream::Layout::nhcwb16 ? 16 * width : depth;
}

/// And where one is written.
double write_run(const View& map, stream::Layout layout, const BlockShape& block, int cores) {
    const double width = block.width, depth = block.depth;
    const bool whole = map.extent.c == block.depth;
    if (layout == stream::Layout::nhcwb16) return whole ? depth * width : 16 * width * cores;
    return whole && depth <= 16 ? depth * width : std::min({64.0, 16.0 * cores, depth});
}

double transfer(double elements, double run, const MapMemory& memory) {
    const double bursts = memory.burst / std::min(memory.burst, run);
    return elements * bursts / memory.bytes_per_cycle;
}

double elements_of(const BlockShape& block, const Extent& map) {
    return static_cast<double>(std::min(block.height, map.h)) * std::min(block.width, map.w) *
           std::min(block.depth, map.c);
}

/// Cycles of so many channels, with their scales in `constants`.
std::int64_t cycles_of(const Program& program, const NpuOp& op, std::int32_t depth,
                       const Memory& constants) {
    const Target& target = *program.target;
    stream::KernelOp kernel = placed_kernel(program, op);
    keep_channels(kernel, depth);
    const timing::Traversal traversal(kernel, program.arch);
    const timing::Box block = traversal.block(0);
    std::int64_t macs = 0;
    for (int part = 0; part < traversal.depth_blocks(); ++part) {
        for (int sub = 0; sub < traversal.sub_kernels(); ++sub) {
            // The last part of the depth counts as the others.
            const int counted = kernel.kernel.part_kernel_first ? 0 : part;
            macs += timing::mac_cycles(traversal, block, counted, traversal.sub_kernel(sub),
                                       program.arch, target.accelerator)
                        .count();
        }
    }
    // Records of ten bytes a channel, 256 bytes a latency.
    const double scales =
        kernel.has_weights()
            ? 10.0 * block.depth * static_cast<double>(constants.read_latency.count()) / 256
            : 0;
    const double array = static_cast<double>(macs);
    const double output = std::max(
        scales,
        static_cast<double>(
            timing::output_cycles(kernel, block, program.arch, target.accelerator).count()));
    const double blocks =
        static_cast<double>(Extent{kernel.ofm.height, kernel.ofm.width, depth}.elements()) /
        static_cast<double>(block.elements());
    const MapMemory memory = map_memory(program);
    const BlockShape& out = op.kernel.block;
    const BlockShape in = ifm_block(shram_user(op), out, program.arch);
    const double read = transfer(elements_of(in, op.ifm.extent),
                                 read_run(op.ifm, program.buffer(op.ifm).layout, in), memory);
    const double written = transfer(
        elements_of(out, {op.ofm.extent.h, op.ofm.extent.w, depth}),
        write_run(op.ofm, program.buffer(op.ofm).layout, out, target.accelerator.cores), memory);
    const double all = (read + array + output) / 4;  // parts of a block's way
    return std::llround(std::max({array, output, all}) * blocks + std::min(array, output) +
                        memory.read_latency + read + memory.write_latency + written);
}

}  // namespace

std::int64_t vela_cycles(const Program& program, const NpuOp& op) {
    if (op.kernel.kind == stream::KernelKind::elementwise) {
        const auto [height, width, depth] = op.ofm.extent;
        const timing::Box all{0, 0, 0, height, width, depth};
        const stream::KernelOp kernel = placed_kernel(program, op);
        return timing::output_cycles(kernel, all, program.arch, program.target->accelerator)
            .count();
    }
    return vela_cycles(program, op, op.ofm.extent.c);
}

std::int64_t vela_cycles(const Program& program, const NpuOp& op, std::int32_t depth) {
    return cycles_of(program, op, depth, program.target->off_chip);
}

std::int64_t vela_slice_cycles(const Program& program, const NpuOp& op, std::int32_t depth) {
    return cycles_of(program, op, depth, program.target->sram);
}

std::int64_t vela_input_bytes(const Program& program, const NpuOp& op) {
    const stream::KernelOp kernel = placed_kernel(program, op);
    const timing::Traversal traversal(kernel, program.arch);
    const BlockShape in = ifm_block(shram_user(op), op.kernel.block, program.arch);
    const std::int64_t pixels =
        std::int64_t{std::min(in.height, op.ifm.extent.h)} * std::min(in.width, op.ifm.extent.w);
    const double run = read_run(op.ifm, program.buffer(op.ifm).layout, in);
    const std::int64_t bytes = pixels * op.ifm.extent.c * stream::bytes_of(op.ifm.type) *
                               traversal.sub_kernels() * traversal.blocks();
    return static_cast<std::int64_t>(static_cast<double>(bytes) * sram_burst /
                                     std::min(sram_burst, run));
}

std::int64_t vela_copy_cycles(const Target& target, std::int64_t bytes) {
    const Architecture arch = architecture(target.accelerator);
    return target.off_chip.read_latency.count() +
           static_cast<std::int64_t>(static_cast<double>(bytes) / rate(target.off_chip, arch));
}

}  // namespace u65sim::compiler
