#include "compile/lower/map_memory.hpp"

#include <algorithm>
#include <numeric>

#include <u65sim/graph.hpp>

#include "ir/operator_info.hpp"

namespace u65sim::compiler {

namespace {

/// Sets of tensors, each known by one of them.
class TensorSets {
public:
    explicit TensorSets(std::size_t tensors) : parents_(tensors) {
        std::iota(parents_.begin(), parents_.end(), 0);
    }
    TensorId find(TensorId id) {
        TensorId& parent = parents_[static_cast<std::size_t>(id)];
        if (parent != id) parent = find(parent);
        return parent;
    }
    void join(TensorId a, TensorId b) { parents_[static_cast<std::size_t>(find(a))] = find(b); }

private:
    std::vector<TensorId> parents_;
};

/// Whether the operator's operand has memory that its result may take as well.
bool shares(const Program& program, const Operator& op, TensorId operand) {
    const auto& consumers = program.consumers[static_cast<std::size_t>(operand)];
    switch (ir::info(op.type).family) {
        case ir::Family::reshape:
        case ir::Family::part:
            return true;
        case ir::Family::joining:
            return consumers.size() == 1;
        default:
            break;
    }
    return consumers.size() == 1 && (ir::is_pointwise(op.type) || op.type == OpType::pad);
}

bool is_map(const Tensor& tensor) { return !tensor.data && tensor.type != ElementType::resource; }

/// Tensors in one memory.
TensorSets join_tensors(const Program& program) {
    TensorSets sets(program.graph->tensors.size());
    for (std::size_t i = 0; i < program.decisions.size(); ++i) {
        if (!program.decisions[i].on_npu) continue;
        const Operator& op = program.graph->operators[i];
        for (const std::size_t position : ir::map_operands(op)) {
            const TensorId operand = op.inputs[position];
            if (operand < 0 || !is_map(program.tensor(operand))) continue;
            if (!shares(program, op, operand)) continue;
            for (const TensorId result : op.outputs) {
                if (result >= 0) sets.join(operand, result);
            }
        }
    }
    return sets;
}

}  // namespace

MapMemory::MapMemory(const Program& program) {
    const Graph& graph = *program.graph;
    TensorSets sets = join_tensors(program);
    std::vector<std::int32_t> number(graph.tensors.size(), -1);
    const auto memory_of = [&](TensorId id) {
        std::int32_t& memory = number[static_cast<std::size_t>(sets.find(id))];
        if (memory < 0) {
            memory = static_cast<std::int32_t>(bytes_.size());
            bytes_.push_back(0);
            uses_.push_back(0);
            stays_.push_back(false);
            live_at_start_.push_back(false);
        }
        return static_cast<std::size_t>(memory);
    };
    for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
        const Tensor& tensor = graph.tensors[t];
        if (!is_map(tensor)) continue;
        const std::size_t memory = memory_of(static_cast<TensorId>(t));
        bytes_[memory] = std::max(bytes_[memory], stored_bytes(tensor));
        if (tensor.is_variable) stays_[memory] = true;
        if (program.producers[t] == no_operator) live_at_start_[memory] = true;
    }
    for (const TensorId id : graph.outputs) {
        if (is_map(program.tensor(id))) stays_[memory_of(id)] = true;
    }
    std::vector<std::vector<std::int32_t>> used(graph.operators.size());
    for (std::size_t i = 0; i < used.size(); ++i) {
        const auto use = [&](TensorId id) {
            if (id < 0 || !is_map(program.tensor(id))) return;
            used[i].push_back(static_cast<std::int32_t>(memory_of(id)));
        };
        std::for_each(graph.operators[i].inputs.begin(), graph.operators[i].inputs.end(), use);
        std::for_each(graph.operators[i].outputs.begin(), graph.operators[i].outputs.end(), use);
        std::sort(used[i].begin(), used[i].end());
        used[i].erase(std::unique(used[i].begin(), used[i].end()), used[i].end());
        for (const std::int32_t m : used[i]) ++uses_[static_cast<std::size_t>(m)];
    }
    used_by_ = Lists{used};
}

}  // namespace u65sim::compiler
