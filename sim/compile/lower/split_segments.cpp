#include <algorithm>

#include "compile/lower/curves.hpp"
#include "compile/lower/operators.hpp"
#include "compile/lower/order_operators.hpp"
#include "compile/passes.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::compiler {

namespace {

void index_tensors(Program& program) {
    const Graph& graph = *program.graph;
    std::vector<std::vector<std::int32_t>> consumers(graph.tensors.size());
    program.producers.assign(graph.tensors.size(), no_operator);
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
        const auto index = static_cast<std::int32_t>(i);
        for (const auto id : graph.operators[i].inputs) {
            if (id >= 0) consumers[static_cast<std::size_t>(id)].push_back(index);
        }
        for (const auto id : graph.operators[i].outputs) {
            if (id >= 0) program.producers[static_cast<std::size_t>(id)] = index;
        }
    }
    program.consumers = Lists{consumers};
}

/// Runs of NPU operators that compute nothing go to the CPU with their neighbours. Returns whether
/// there were any.
bool drop_idle_runs(Program& program) {
    const std::vector<std::int32_t>& order = program.order;
    bool dropped = false;
    for (std::size_t first = 0; first < order.size();) {
        if (!program.decision(order[first]).on_npu) {
            ++first;
            continue;
        }
        std::size_t last = first;
        bool idle = true;
        for (; last < order.size() && program.decision(order[last]).on_npu; ++last) {
            idle = idle && ir::info(program.op(order[last]).type).family == ir::Family::reshape;
        }
        for (std::size_t i = first; idle && i < last; ++i) {
            Decision& decision = program.decision(order[i]);
            decision.on_npu = false;
            decision.reason = "only renames a shape, with no NPU operator beside it";
            dropped = true;
        }
        first = last;
    }
    return dropped;
}

bool reads_map(const Operator& op, TensorId id) {
    const auto maps = ir::map_operands(op);
    return std::any_of(maps.begin(), maps.end(),
                       [&](std::size_t position) { return op.inputs[position] == id; });
}

void find_borders(Program& program) {
    const Graph& graph = *program.graph;
    program.bound.assign(graph.tensors.size(), false);
    std::vector<bool> is_output(graph.tensors.size(), false);
    for (const auto id : graph.outputs) is_output[static_cast<std::size_t>(id)] = true;
    const auto segment = [&](std::int32_t op) {
        return op == no_operator ? no_segment : program.segment_of[static_cast<std::size_t>(op)];
    };
    for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
        if (graph.tensors[t].data) continue;
        const auto id = static_cast<TensorId>(t);
        const std::int32_t made_in = segment(program.producers[t]);
        bool leaves = is_output[t];
        std::vector<std::int32_t> enters;
        for (const auto consumer : program.consumers[t]) {
            const std::int32_t used_in = segment(consumer);
            // The NPU has no use for an operand that only describes a shape.
            if (used_in != no_segment && !reads_map(program.op(consumer), id)) continue;
            if (used_in != made_in) leaves = true;
            if (used_in != no_segment && used_in != made_in) enters.push_back(used_in);
        }
        if (made_in != no_segment && leaves) {
            program.segments[static_cast<std::size_t>(made_in)].outputs.push_back(id);
            program.bound[t] = true;
        }
        std::sort(enters.begin(), enters.end());
        enters.erase(std::unique(enters.begin(), enters.end()), enters.end());
        for (const auto s : enters) {
            program.segments[static_cast<std::size_t>(s)].inputs.push_back(id);
            program.bound[t] = true;
        }
    }
}

}  // namespace

void split_segments(Program& program) {
    const Graph& graph = *program.graph;
    index_tensors(program);
    program.order = order_operators(program);
    if (drop_idle_runs(program)) program.order = order_operators(program);
    program.segment_of.assign(graph.operators.size(), no_segment);
    bool open = false;
    std::int32_t cpu_operators = 0;
    for (const std::int32_t index : program.order) {
        if (!program.decision(index).on_npu) {
            program.steps.push_back({-1, cpu_operators++, index});
            open = false;
            continue;
        }
        if (!open) {
            program.steps.push_back({static_cast<std::int32_t>(program.segments.size()), -1, -1});
            program.segments.emplace_back();
            open = true;
        }
        program.segment_of[static_cast<std::size_t>(index)] =
            static_cast<std::int32_t>(program.segments.size()) - 1;
        program.segments.back().operators.push_back(index);
    }
    find_borders(program);
    refuse_parted_chains(program);
}

}  // namespace u65sim::compiler
