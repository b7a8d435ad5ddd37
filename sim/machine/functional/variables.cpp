#include "machine/functional/variables.hpp"

#include <map>

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim::machine::functional {

Variables::Variables(const Graph& graph) {
    collect(graph);
    for (const Graph& subgraph : graph.subgraphs) collect(subgraph);
}

void Variables::collect(const Graph& graph) {
    std::map<TensorId, std::size_t> handles;
    const auto learn = [&](TensorId handle, TensorId value) {
        const auto known = handles.find(handle);
        if (known == handles.end()) return;
        Variable& variable = variables_[known->second];
        if (variable.size) return;
        variable.size = stored_bytes(graph.tensors.at(static_cast<std::size_t>(value)));
    };
    for (const Operator& op : graph.operators) {
        if (op.type == OpType::var_handle) {
            const auto& key = std::get<VariableAttributes>(op.attributes);
            if (!find(key)) variables_.push_back({key, {}, {}});
            handles[op.outputs.at(0)] = *find(key);
        } else if (op.type == OpType::read_variable) {
            learn(op.inputs.at(0), op.outputs.at(0));
        } else if (op.type == OpType::assign_variable) {
            learn(op.inputs.at(0), op.inputs.at(1));
        }
    }
}

std::optional<std::size_t> Variables::find(const VariableAttributes& variable) const {
    for (std::size_t i = 0; i < variables_.size(); ++i) {
        if (variables_[i].key == variable) return i;
    }
    return {};
}

std::size_t Variables::index_of(const VariableAttributes& variable) const {
    const auto index = find(variable);
    if (!index) throw InvalidModel(fmt::format("no variable is called '{}'", variable.name));
    return *index;
}

const Variables::Buffer& Variables::read(std::size_t index) const {
    const Variable& variable = variables_[index];
    if (!variable.value) {
        throw InvalidModel(fmt::format("variable '{}' is read before anything was assigned to it",
                                       variable.key.name));
    }
    return *variable.value;
}

}  // namespace u65sim::machine::functional
