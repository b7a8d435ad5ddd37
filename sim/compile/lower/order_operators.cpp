#include "compile/lower/order_operators.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <optional>
#include <queue>
#include <utility>

namespace u65sim::compiler {

namespace {

using Order = std::vector<std::int32_t>;

bool on_npu(const Program& program, std::int32_t op) {
    return program.decisions[static_cast<std::size_t>(op)].on_npu;
}

std::int32_t npu_runs(const Program& program, const Order& order) {
    std::int32_t runs = 0;
    bool open = false;
    for (const std::int32_t op : order) {
        if (on_npu(program, op) && !open) ++runs;
        open = on_npu(program, op);
    }
    return runs;
}

/// Which operators must have run before another one.
class Dependencies {
public:
    explicit Dependencies(const Program& program)
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

    /// Operators that an operator is waiting for.
    [[nodiscard]] std::vector<std::int32_t> missing() const { return missing_; }
    [[nodiscard]] const std::vector<std::int32_t>& dependents(std::int32_t op) const {
        return dependents_[static_cast<std::size_t>(op)];
    }

private:
    using Variable = std::pair<std::string, std::string>;  ///< container and name

    void add(std::int32_t before, std::int32_t op) {
        ++missing_[static_cast<std::size_t>(op)];
        dependents_[static_cast<std::size_t>(before)].push_back(op);
    }

    void use_state(const Variable& variable, std::int32_t op) {
        const auto [last, is_new] = last_use_.try_emplace(variable, op);
        if (is_new) {
            if (last_of_all_ != no_operator) add(last_of_all_, op);
            return;
        }
        if (last->second != op) add(last->second, op);
        last->second = op;
    }

    /// May touch every variable there is.
    void use_all(std::int32_t op) {
        if (last_of_all_ != no_operator) add(last_of_all_, op);
        for (const auto& [variable, last] : last_use_) {
            if (last != op) add(last, op);
        }
        last_use_.clear();
        last_of_all_ = op;
    }

    void use_variables(std::int32_t index) {
        const Operator& op = program_.op(index);
        if (op.type == OpType::var_handle) return;
        const bool calls = op.type == OpType::call_once || op.type == OpType::if_else ||
                           op.type == OpType::while_loop;
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
    [[nodiscard]] std::optional<Variable> variable_of(const Operator& op) const {
        if (op.type != OpType::read_variable && op.type != OpType::assign_variable) return {};
        const std::int32_t handle = program_.producers[static_cast<std::size_t>(op.inputs[0])];
        if (handle == no_operator) return {};
        const auto* key = std::get_if<VariableAttributes>(&program_.op(handle).attributes);
        if (key == nullptr) return {};
        return Variable{key->container, key->name};
    }

    const Program& program_;
    std::vector<std::int32_t> missing_;
    std::vector<std::vector<std::int32_t>> dependents_;
    std::map<Variable, std::int32_t> last_use_;
    std::int32_t last_of_all_ = no_operator;
};

/// By turns all that the CPU and all that the NPU can do; operators of one turn in graph order.
Order by_turns(const Program& program) {
    const Dependencies dependencies(program);
    std::vector<std::int32_t> missing = dependencies.missing();
    std::priority_queue<std::int32_t, Order, std::greater<>> ready[2];
    for (std::int32_t op = 0; op < static_cast<std::int32_t>(missing.size()); ++op) {
        if (missing[static_cast<std::size_t>(op)] == 0) ready[on_npu(program, op)].push(op);
    }
    Order order;
    order.reserve(missing.size());
    for (bool npu = false; !ready[0].empty() || !ready[1].empty(); npu = !npu) {
        while (!ready[npu].empty()) {
            const std::int32_t op = ready[npu].top();
            ready[npu].pop();
            order.push_back(op);
            for (const std::int32_t next : dependencies.dependents(op)) {
                if (--missing[static_cast<std::size_t>(next)] == 0) {
                    ready[on_npu(program, next)].push(next);
                }
            }
        }
    }
    return order;
}

}  // namespace

std::vector<std::int32_t> order_operators(const Program& program) {
    Order order(program.graph->operators.size());
    std::iota(order.begin(), order.end(), 0);
    const std::int32_t runs = npu_runs(program, order);
    if (runs < 2) return order;
    Order turns = by_turns(program);
    const bool is_better = turns.size() == order.size() && npu_runs(program, turns) < runs;
    return is_better ? turns : order;
}

}  // namespace u65sim::compiler
