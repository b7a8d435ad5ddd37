#include "compile/lower/operator_dependencies.hpp"

#include <algorithm>
#include <variant>

namespace u65sim::compiler {

Dependencies::Dependencies(const Program& program)
    : program_(program),
      missing_(program.graph->operators.size(), 0),
      dependents_(program.graph->operators.size()) {
    for (std::int32_t op = 0; op < static_cast<std::int32_t>(missing_.size()); ++op) {
        for (const TensorId id : program.op(op).inputs) {
            if (id < 0) continue;
            const auto t = static_cast<std::size_t>(id);
            if (program.producers[t] != no_operator) add(program.producers[t], op);
            if (program.tensor(id).is_variable) use_state({{}, std::to_string(id)}, op);
        }
        use_variables(op);
    }
}

void Dependencies::add(std::int32_t before, std::int32_t op) {
    ++missing_[static_cast<std::size_t>(op)];
    dependents_[static_cast<std::size_t>(before)].push_back(op);
}

void Dependencies::use_state(const Variable& variable, std::int32_t op) {
    const auto [last, is_new] = last_use_.try_emplace(variable, op);
    if (is_new) {
        if (last_of_all_ != no_operator) add(last_of_all_, op);
        return;
    }
    if (last->second != op) add(last->second, op);
    last->second = op;
}

/// May touch every variable there is.
void Dependencies::use_all(std::int32_t op) {
    if (last_of_all_ != no_operator) add(last_of_all_, op);
    for (const auto& [variable, last] : last_use_) {
        if (last != op) add(last, op);
    }
    last_use_.clear();
    last_of_all_ = op;
}

void Dependencies::use_variables(std::int32_t index) {
    const Operator& op = program_.op(index);
    if (op.type == OpType::var_handle) return;
    const bool calls =
        op.type == OpType::call_once || op.type == OpType::if_else || op.type == OpType::while_loop;
    const bool has_handle = std::any_of(op.inputs.begin(), op.inputs.end(), [&](TensorId id) {
        return id >= 0 && program_.tensor(id).type == ElementType::resource;
    });
    if (!calls && !has_handle) return;
    const auto variable = variable_of(op);
    if (variable) {
        use_state(*variable, index);
    } else {
        use_all(index);
    }
}

/// Of an operator that reads or assigns one.
std::optional<Dependencies::Variable> Dependencies::variable_of(const Operator& op) const {
    if (op.type != OpType::read_variable && op.type != OpType::assign_variable) return {};
    const std::int32_t handle = program_.producers[static_cast<std::size_t>(op.inputs[0])];
    if (handle == no_operator) return {};
    const auto* key = std::get_if<VariableAttributes>(&program_.op(handle).attributes);
    if (key == nullptr) return {};
    return Variable{key->container, key->name};
}

}  // namespace u65sim::compiler
