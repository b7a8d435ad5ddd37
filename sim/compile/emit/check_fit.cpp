#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <u65sim/error.hpp>

#include "compile/passes.hpp"

namespace u65sim::compiler {

namespace {

using Part = DoesNotFit::Part;

std::vector<Part> largest(std::vector<Part> parts) {
    constexpr std::size_t most = 20;
    std::stable_sort(parts.begin(), parts.end(),
                     [](const Part& a, const Part& b) { return a.bytes > b.bytes; });
    if (parts.size() > most) parts.resize(most);
    return parts;
}

/// The first of them as a sentence names them.
std::string names(const std::vector<Part>& parts) {
    std::string text;
    for (std::size_t i = 0; i < parts.size() && i < 5; ++i) {
        text += fmt::format("{}{} ({} B)", i ? ", " : "", parts[i].name, parts[i].bytes);
    }
    return text;
}

/// The most bytes of whole feature maps alive at one of some operators, and these maps.
struct WholeMaps {
    std::int64_t bytes = 0;
    std::vector<Part> maps;
};

WholeMaps whole_maps(const Program& program, const std::vector<bool>& at_operators) {
    const Graph& graph = *program.graph;
    const std::vector<std::int32_t>& order = program.order;
    const std::size_t count = order.size();
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
        for (const TensorId id : program.op(order[at]).inputs) use(id, at);
        for (const TensorId id : program.op(order[at]).outputs) use(id, at);
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
        if (!at_operators[static_cast<std::size_t>(order[at])] || alive <= result.bytes) continue;
        result.bytes = alive;
        worst = at;
    }
    for (std::size_t id = 0; id < lives.size(); ++id) {
        const Life& life = lives[id];
        if (life.used && life.first <= worst && worst <= life.last) {
            result.maps.push_back({graph.tensors[id].name, bytes_of(id)});
        }
    }
    return result;
}

/// What a CPU operator works on are whole maps, and so are all maps alive beside it.
WholeMaps maps_beside_cpu(const PlannedProgram& program) {
    std::vector<bool> on_cpu(program.graph->operators.size(), false);
    for (const auto& step : program.steps) {
        if (step.segment < 0) on_cpu[static_cast<std::size_t>(step.graph_operator)] = true;
    }
    return whole_maps(program, on_cpu);
}

/// What the weights of each operation take.
std::vector<Part> weights_of(const PlannedProgram& program) {
    std::vector<Part> weights;
    for (const auto& segment : program.segments) {
        for (std::size_t i = 0; i < segment.ops.size(); ++i) {
            const NpuOp& op = segment.ops[i];
            if (op.repeats(i)) continue;
            std::int64_t size = 0;
            for (const auto& slice : op.slices) size += slice.size;
            if (size > 0) weights.push_back({"weights of " + op.name, size});
        }
    }
    return weights;
}

std::vector<Part> maps_of(const PlannedProgram& program) {
    std::vector<Part> maps;
    for (const auto& buffer : program.buffers) {
        if (buffer.region != region_arena || buffer.first_use == no_time) continue;
        maps.push_back({buffer.name, buffer.size});
    }
    return maps;
}

std::vector<Part> both(std::vector<Part> parts, const std::vector<Part>& more) {
    parts.insert(parts.end(), more.begin(), more.end());
    return parts;
}

/// Throws where model and activations are above a memory's limit.
void require_room(const PlannedProgram& program, const char* memory, DoesNotFit::Need need,
                  const std::vector<Part>& parts) {
    const std::int64_t bytes = need.model + need.activations;
    if (bytes <= need.limit) return;
    need.largest = largest(parts);
    const std::string text = fmt::format(
        "{} does not fit {}: model {} B + activations {} B = {} B, the limit is {} B ({}); "
        "largest: {}",
        program.graph->name, memory, need.model, need.activations, bytes, need.limit, need.field,
        names(need.largest));
    throw DoesNotFit(text, std::move(need));
}

}  // namespace

void check_fit(const PlannedProgram& program, std::int64_t stream_bytes) {
    const Target& target = *program.target;
    const std::int64_t model = program.constants.size + stream_bytes;
    const std::vector<Part> weights = weights_of(program);
    const std::vector<Part> maps = maps_of(program);
    const auto in_dram = [&](std::int64_t arena, const std::vector<Part>& parts) {
        require_room(program, "the off-chip memory",
                     {"dram.size", target.off_chip.size.count(), model, arena, {}}, parts);
    };
    const auto in_sram = [&](std::int64_t constants, std::int64_t arena,
                             const std::vector<Part>& parts) {
        require_room(program, "the SRAM",
                     {"sram.size", target.sram.size.count(), constants, arena, {}}, parts);
    };
    const WholeMaps beside_cpu = maps_beside_cpu(program);
    switch (target.memory_mode) {
        case MemoryMode::dedicated_sram: {
            in_dram(program.arena_size, both(weights, maps));
            // Room is kept for maps as a runtime without stripes holds them (assumed, after a
            // public measurement: a VGG19 for 224x224 does not run in 32 MiB, though its stripes
            // would).
            const WholeMaps whole =
                whole_maps(program, std::vector<bool>(program.graph->operators.size(), true));
            in_dram(whole.bytes, both(weights, whole.maps));
            break;
        }
        case MemoryMode::shared_sram:
            in_dram(0, weights);
            in_sram(0, program.arena_size, maps);
            in_sram(0, beside_cpu.bytes, beside_cpu.maps);
            break;
        case MemoryMode::sram_only:
            in_sram(model, program.arena_size, both(weights, maps));
            in_sram(model, beside_cpu.bytes, beside_cpu.maps);
            break;
    }
}

}  // namespace u65sim::compiler
