// The program as text, for people and for approved texts.
#include <fmt/format.h>

#include "compile/passes.hpp"
#include "ir/builtins.hpp"

namespace u65sim::compiler {

namespace {

std::string text(const Extent& e) { return fmt::format("{}x{}x{}", e.h, e.w, e.c); }

std::string text(const Program& program, const View& view) {
    if (!view.valid()) return "-";
    std::string s = fmt::format("{}", program.buffer(view).name);
    if (view.y || view.x || view.c) s += fmt::format("@{},{},{}", view.y, view.x, view.c);
    return s + ":" + text(view.extent);
}

const char* kind_of(const NpuOp& op) {
    static constexpr const char* elementwise[] = {"mul",   "add", "sub", "min", "max",
                                                  "lrelu", "abs", "clz", "shr", "shl"};
    static constexpr const char* pools[] = {"max_pool", "average_pool", "reduce_sum"};
    switch (op.kernel.kind) {
        case stream::KernelKind::conv:
            return "conv";
        case stream::KernelKind::depthwise:
            return "depthwise";
        case stream::KernelKind::pool:
            return pools[static_cast<int>(op.kernel.pool_mode)];
        case stream::KernelKind::elementwise:
            break;
    }
    return elementwise[static_cast<int>(op.kernel.elementwise_mode)];
}

}  // namespace

std::string dump_decisions(const Program& program) {
    std::string out;
    for (std::size_t i = 0; i < program.decisions.size(); ++i) {
        const Decision& d = program.decisions[i];
        const Operator& op = program.graph->operators[i];
        out += fmt::format("{} {}: ", ir::kind_name(op), op.name);
        if (!d.on_npu) {
            out += fmt::format("cpu, {}\n", d.reason);
            continue;
        }
        out += program.segment_of.empty() ? "npu" : fmt::format("npu{}", program.segment_of[i]);
        if (d.folded) out += ", folded";
        if (d.fused_into != no_operator)
            out += fmt::format(", fused into {}", program.op(d.fused_into).name);
        out += '\n';
    }
    return out;
}

std::string dump_operations(const Program& program) {
    std::string out;
    for (std::size_t s = 0; s < program.segments.size(); ++s) {
        out += fmt::format("npu{}\n", s);
        for (const auto& op : program.segments[s].ops) {
            const auto& k = op.kernel;
            out += fmt::format("  {} {}: {} {} -> {}", op.time, op.name, kind_of(op),
                               text(program, op.ifm), text(program, op.ofm));
            if (op.ifm2.valid()) out += fmt::format(" with {}", text(program, op.ifm2));
            if (k.kernel.height * k.kernel.width > 1) {
                out += fmt::format(" kernel {}x{}/{}x{}", k.kernel.height, k.kernel.width,
                                   k.kernel.stride_y, k.kernel.stride_x);
            }
            const auto& p = k.pad;
            if (p.top + p.left + p.bottom + p.right > 0) {
                out += fmt::format(" pad {},{},{},{}", p.top, p.left, p.bottom, p.right);
            }
            if (!op.lut.empty()) out += fmt::format(" table {} B", op.lut.size());
            if (k.block.depth > 0) {
                out += fmt::format(" block {}x{}x{}", k.block.height, k.block.width, k.block.depth);
                if (k.kernel.part_kernel_first) out += " part-kernel";
            }
            for (const auto& slice : op.slices) {
                out += fmt::format(" weights[{}+{}] {} B", slice.first, slice.count, slice.size);
            }
            out += '\n';
        }
    }
    return out;
}

std::string dump_reasons(const Program& program, std::string_view nothing) {
    std::string out;
    for (const auto& reason : program.reasons) out += reason + '\n';
    return out.empty() ? std::string{nothing} + '\n' : out;
}

std::string dump_lifetimes(const Program& program) {
    std::string out;
    for (const auto& buffer : program.buffers) {
        if (buffer.first_use == no_time) continue;
        out += fmt::format("{} {}: {} B, alive {} to {}", text(buffer.extent), buffer.name,
                           buffer.size, buffer.first_use, buffer.last_use);
        if (buffer.layout == stream::Layout::nhcwb16) out += ", bricks";
        out += '\n';
    }
    return out;
}

std::string dump_places(const Program& program) {
    static constexpr const char* regions[] = {"constants", "arena", "fast"};
    std::string out;
    for (const auto& buffer : program.buffers) {
        if (buffer.region == no_region || buffer.first_use == no_time) continue;
        out += fmt::format("{} {}: {} B at {} of {}, alive {} to {}", text(buffer.extent),
                           buffer.name, buffer.size, buffer.offset, regions[buffer.region],
                           buffer.first_use, buffer.last_use);
        if (buffer.layout == stream::Layout::nhcwb16) out += ", bricks";
        if (!buffer.spill_reason.empty()) out += fmt::format(", spilled: {}", buffer.spill_reason);
        out += '\n';
    }
    return out;
}

std::string dump_buffers(const PlannedProgram& program) {
    std::string out = dump_places(program);
    out += fmt::format("arena {} B, fast {} B, constants {} B\n", program.arena_size,
                       program.fast_size, program.constants.size);
    for (const auto& reason : program.reasons) out += fmt::format("because {}\n", reason);
    return out;
}

}  // namespace u65sim::compiler
