#include "compile/emit/describe_memory.hpp"

#include <fmt/format.h>

namespace u65sim::compiler {

namespace {

void describe_spill(const PlannedProgram& program, const Buffer& buffer, std::int32_t placement,
                    CompiledNetwork& network) {
    SpilledMap& spill = network.spills.emplace_back();
    spill.tensor = buffer.name;
    spill.size = Bytes{buffer.size};
    spill.reason = buffer.spill_reason;
    if (buffer.producer != no_operator) spill.producer = program.op(buffer.producer).name;
    for (const auto consumer : buffer.consumers) {
        spill.consumers.push_back(program.op(consumer).name);
    }
    spill.offset = Bytes{buffer.offset};
    spill.placement = placement;
}

void describe_buffers(const PlannedProgram& program, const std::vector<std::int32_t>& placements,
                      CompiledNetwork& network) {
    for (std::size_t i = 0; i < placements.size(); ++i) {
        if (placements[i] < 0) continue;
        const Buffer& buffer = program.buffers[i];
        const bool constant = buffer.kind == Placement::Kind::constant;
        network.placements.push_back({buffer.name, buffer.kind, buffer.region, Bytes{buffer.offset},
                                      Bytes{buffer.size}, constant ? 0 : buffer.first_use,
                                      constant ? program.times : buffer.last_use});
        if (!buffer.spill_reason.empty()) describe_spill(program, buffer, placements[i], network);
    }
}

void describe_constants(const PlannedProgram& program, CompiledNetwork& network) {
    for (const auto& segment : program.segments) {
        for (std::size_t at = 0; at < segment.ops.size(); ++at) {
            const NpuOp& op = segment.ops[at];
            if (op.repeats(at)) continue;
            for (std::size_t i = 0; i < op.slices.size(); ++i) {
                const WeightSlice& slice = op.slices[i];
                network.placements.push_back(
                    {op.slices.size() > 1 ? fmt::format("{}/slice{}", op.name, i)
                                          : op.name + "/encoded",
                     Placement::Kind::constant, region_constants, Bytes{slice.offset},
                     Bytes{slice.size}, 0, program.times});
                network.encoded_weight_bytes += Bytes{slice.size};
            }
            if (!op.lut.empty()) {
                network.placements.push_back({op.name + "/table", Placement::Kind::constant,
                                              region_constants, Bytes{op.lut_offset},
                                              Bytes{static_cast<std::int64_t>(op.lut.size())}, 0,
                                              program.times});
            }
        }
    }
}

void describe_bindings(const PlannedProgram& program, CompiledNetwork& network) {
    for (std::size_t t = 0; t < program.bound.size(); ++t) {
        const View& view = program.views[t];
        if (!program.bound[t] || !view.valid()) continue;
        const stream::FeatureMap map = resolve(program, view);
        network.bindings.push_back(
            {static_cast<TensorId>(t), map.region, Bytes{static_cast<std::int64_t>(map.base[0])}});
    }
}

}  // namespace

std::vector<std::int32_t> buffer_placements(const PlannedProgram& program) {
    std::vector<std::int32_t> indices;
    indices.reserve(program.buffers.size());
    std::int32_t next = 0;
    for (const Buffer& buffer : program.buffers) {
        const bool constant = buffer.kind == Placement::Kind::constant;
        const bool is_placed =
            buffer.region != no_region && (constant || buffer.first_use != no_time);
        indices.push_back(is_placed ? next++ : -1);
    }
    return indices;
}

void describe_memory(const PlannedProgram& program, const std::vector<std::int32_t>& placements,
                     CompiledNetwork& network) {
    describe_buffers(program, placements, network);
    describe_constants(program, network);
    describe_bindings(program, network);
}

}  // namespace u65sim::compiler
