#include "compile/cpu_operators.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "ir/builtins.hpp"

namespace u65sim::compiler {

CpuOperator cpu_operator_of(const Graph& graph, const Operator& op, std::string reason) {
    CpuOperator cpu;
    cpu.name = op.name;
    cpu.type = op.type == OpType::custom ? op.custom_code : ir::kind_name(op);
    cpu.reason = std::move(reason);
    cpu.macs = count_macs(graph, op);
    for (const auto* ids : {&op.inputs, &op.outputs}) {
        for (const TensorId id : *ids) {
            if (id < 0) continue;
            const Tensor& tensor = graph.tensors[static_cast<std::size_t>(id)];
            if (tensor.data) continue;
            cpu.operand_bytes += Bytes{stored_bytes(tensor)};
            cpu.elements = std::max(cpu.elements, element_count(tensor.shape));
            if (cpu.data_type.empty()) cpu.data_type = to_string(tensor.type);
        }
    }
    return cpu;
}

std::vector<CpuOperator> cpu_operators_of(const Program& program) {
    std::vector<CpuOperator> result;
    for (const auto& step : program.steps) {
        if (step.segment >= 0) continue;
        const auto index = static_cast<std::size_t>(step.graph_operator);
        result.push_back(cpu_operator_of(*program.graph, program.op(step.graph_operator),
                                         program.decisions[index].reason));
    }
    return result;
}

}  // namespace u65sim::compiler
