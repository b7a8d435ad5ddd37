#include "compile/cpu_operators.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "ir/builtins.hpp"

namespace u65sim::compiler {

std::vector<CpuOperator> cpu_operators_of(const Program& program) {
    std::vector<CpuOperator> result;
    for (const auto& step : program.steps) {
        if (step.segment >= 0) continue;
        const Operator& op = program.op(step.graph_operator);
        CpuOperator cpu;
        cpu.name = op.name;
        cpu.type = op.type == OpType::custom ? op.custom_code : ir::kind_name(op);
        cpu.reason = program.decisions[static_cast<std::size_t>(step.graph_operator)].reason;
        cpu.macs = count_macs(*program.graph, op);
        for (const auto* ids : {&op.inputs, &op.outputs}) {
            for (const auto id : *ids) {
                if (id < 0 || program.tensor(id).data) continue;
                const Tensor& tensor = program.tensor(id);
                cpu.operand_bytes += Bytes{stored_bytes(tensor)};
                cpu.elements = std::max(cpu.elements, element_count(tensor.shape));
                if (cpu.data_type.empty()) cpu.data_type = to_string(tensor.type);
            }
        }
        result.push_back(std::move(cpu));
    }
    return result;
}

}  // namespace u65sim::compiler
