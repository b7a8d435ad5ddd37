#include <algorithm>

#include <fmt/format.h>
#include <u65sim/error.hpp>

#include "compile/passes.hpp"

namespace u65sim::compiler {

namespace {

std::string largest(std::vector<std::pair<std::int64_t, std::string>> parts) {
    std::stable_sort(parts.begin(), parts.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::string text;
    for (std::size_t i = 0; i < parts.size() && i < 5; ++i) {
        text += fmt::format("{}{} ({} B)", i ? ", " : "", parts[i].second, parts[i].first);
    }
    return text;
}

}  // namespace

void check_fit(const Program& program, std::int64_t stream_bytes) {
    const Target& target = *program.target;
    const auto model = program.constants_size + stream_bytes;
    std::vector<std::pair<std::int64_t, std::string>> weights;
    std::vector<std::pair<std::int64_t, std::string>> maps;
    for (const auto& segment : program.segments) {
        for (std::size_t i = 0; i < segment.ops.size(); ++i) {
            const NpuOp& op = segment.ops[i];
            if (op.repeats(i)) continue;
            std::int64_t size = 0;
            for (const auto& slice : op.slices) size += slice.size;
            if (size > 0) weights.emplace_back(size, "weights of " + op.name);
        }
    }
    for (const auto& buffer : program.buffers) {
        if (buffer.region == region_arena && buffer.first_use >= 0) {
            maps.emplace_back(buffer.size, buffer.name);
        }
    }
    const auto refuse = [&](const char* memory, std::int64_t constants, std::int64_t arena,
                            std::int64_t limit, const auto& parts) {
        throw DoesNotFit(fmt::format(
            "{} does not fit {}: model {} B + activations {} B = {} B, the limit is {} B; largest: "
            "{}",
            program.graph->name, memory, constants, arena, constants + arena, limit,
            largest(parts)));
    };
    auto all = weights;
    all.insert(all.end(), maps.begin(), maps.end());
    const std::int64_t off_chip = target.off_chip.size.count();
    const std::int64_t sram = target.sram.size.count();
    switch (target.memory_mode) {
        case MemoryMode::dedicated_sram:
            if (model + program.arena_size > off_chip) {
                refuse("the off-chip memory", model, program.arena_size, off_chip, all);
            }
            break;
        case MemoryMode::shared_sram:
            if (model > off_chip) refuse("the off-chip memory", model, 0, off_chip, weights);
            if (program.arena_size > sram) refuse("the SRAM", 0, program.arena_size, sram, maps);
            break;
        case MemoryMode::sram_only:
            if (model + program.arena_size > sram) {
                refuse("the SRAM", model, program.arena_size, sram, all);
            }
            break;
    }
}

}  // namespace u65sim::compiler
