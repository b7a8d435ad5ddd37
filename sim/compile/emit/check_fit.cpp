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

/// The most bytes of whole feature maps alive at one of some operators, and these maps.
struct WholeMaps {
    std::int64_t bytes = 0;
    std::vector<std::pair<std::int64_t, std::string>> maps;
};

WholeMaps whole_maps(const Graph& graph, const std::vector<bool>& at_operators) {
    const std::size_t count = graph.operators.size();
    struct Life {
        std::size_t first = 0, last = 0;
        bool used = false;
    };
    std::vector<Life> lives(graph.tensors.size());
    const auto use = [&](TensorId id, std::size_t at) {
        if (id < 0 || graph.tensors[static_cast<std::size_t>(id)].data) return;
        Life& life = lives[static_cast<std::size_t>(id)];
        if (!life.used) life = {at, at, true};
        life.last = at;
    };
    for (const TensorId id : graph.inputs) use(id, 0);
    for (std::size_t at = 0; at < count; ++at) {
        for (const TensorId id : graph.operators[at].inputs) use(id, at);
        for (const TensorId id : graph.operators[at].outputs) use(id, at);
    }
    for (const TensorId id : graph.outputs) use(id, count - std::min<std::size_t>(count, 1));

    const auto bytes_of = [&](std::size_t id) { return stored_bytes(graph.tensors[id]); };
    std::vector<std::int64_t> change(count + 2, 0);
    for (std::size_t id = 0; id < lives.size(); ++id) {
        if (!lives[id].used) continue;
        change[lives[id].first] += bytes_of(id);
        change[lives[id].last + 1] -= bytes_of(id);
    }
    WholeMaps result;
    std::size_t worst = 0;
    std::int64_t alive = 0;
    for (std::size_t at = 0; at < count; ++at) {
        alive += change[at];
        if (!at_operators[at] || alive <= result.bytes) continue;
        result.bytes = alive;
        worst = at;
    }
    for (std::size_t id = 0; id < lives.size(); ++id) {
        const Life& life = lives[id];
        if (life.used && life.first <= worst && worst <= life.last) {
            result.maps.emplace_back(bytes_of(id), graph.tensors[id].name);
        }
    }
    return result;
}

/// What a CPU operator works on are whole maps, and so are all maps alive beside it.
WholeMaps maps_beside_cpu(const Program& program) {
    std::vector<bool> on_cpu(program.graph->operators.size(), false);
    for (const auto& step : program.steps) {
        if (step.segment < 0) on_cpu[static_cast<std::size_t>(step.graph_operator)] = true;
    }
    return whole_maps(*program.graph, on_cpu);
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
    const WholeMaps beside_cpu = maps_beside_cpu(program);
    switch (target.memory_mode) {
        case MemoryMode::dedicated_sram: {
            if (model + program.arena_size > off_chip) {
                refuse("the off-chip memory", model, program.arena_size, off_chip, all);
            }
            // Room is kept for maps as a runtime without stripes holds them (assumed, after a
            // public measurement: a VGG19 for 224x224 does not run in 32 MiB, though its stripes
            // would).
            const WholeMaps whole = whole_maps(
                *program.graph, std::vector<bool>(program.graph->operators.size(), true));
            if (model + whole.bytes > off_chip) {
                auto parts = weights;
                parts.insert(parts.end(), whole.maps.begin(), whole.maps.end());
                refuse("the off-chip memory", model, whole.bytes, off_chip, parts);
            }
            break;
        }
        case MemoryMode::shared_sram:
            if (model > off_chip) refuse("the off-chip memory", model, 0, off_chip, weights);
            if (program.arena_size > sram) refuse("the SRAM", 0, program.arena_size, sram, maps);
            if (beside_cpu.bytes > sram) {
                refuse("the SRAM", 0, beside_cpu.bytes, sram, beside_cpu.maps);
            }
            break;
        case MemoryMode::sram_only:
            if (model + program.arena_size > sram) {
                refuse("the SRAM", model, program.arena_size, sram, all);
            }
            if (model + beside_cpu.bytes > sram) {
                refuse("the SRAM", model, beside_cpu.bytes, sram, beside_cpu.maps);
            }
            break;
    }
}

}  // namespace u65sim::compiler
