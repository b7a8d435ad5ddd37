#include "machine/functional/scope.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "arith/cpu_kernels.hpp"

namespace u65sim::machine::functional {
namespace {

constexpr int deepest_calls = 16;
constexpr int most_turns = 100'000;  ///< of a loop: beyond it, nobody waits for the end

/// A variable tensor before the first inference: real zeros in int8, zero bytes elsewhere.
Scope::Buffer first_state(const Tensor& tensor) {
    const auto& points = tensor.quantization.zero_points;
    const bool shifted = tensor.type == ElementType::int8 && !points.empty();
    return Scope::Buffer(static_cast<std::size_t>(stored_bytes(tensor)),
                         static_cast<std::uint8_t>(shifted ? points.front() : 0));
}

}  // namespace

const Tensor& Scope::tensor(TensorId id) const {
    if (id < 0 || static_cast<std::size_t>(id) >= graph_.tensors.size()) {
        throw InvalidModel(
            fmt::format("{}: tensor {} of {}", graph_.name, id, graph_.tensors.size()));
    }
    return graph_.tensors[static_cast<std::size_t>(id)];
}

bool Scope::has_value(TensorId id) const {
    return values_.contains(id) || tensor(id).data || tensor(id).is_variable;
}

const Scope::Buffer& Scope::value(TensorId id) {
    if (const auto known = values_.find(id); known != values_.end()) return known->second;
    const Tensor& wanted = tensor(id);
    if (wanted.data) return values_[id] = wanted.data.bytes();
    if (wanted.is_variable) return values_[id] = first_state(wanted);
    throw InvalidModel(
        fmt::format("{}: tensor {} is used before anything computed it", graph_.name, wanted.name));
}

void Scope::set_up() {
    for (const Operator& op : graph_.operators) {
        if (op.type == OpType::call_once) run_once(op);
    }
}

void Scope::run(const Operator& op) {
    switch (op.type) {
        case OpType::call_once:
            run_once(op);
            break;
        case OpType::var_handle:
            handles_[op.outputs.at(0)] =
                context_.variables.index_of(std::get<VariableAttributes>(op.attributes));
            break;
        case OpType::read_variable:
            set(op.outputs.at(0), context_.variables.read(variable_of(op)));
            break;
        case OpType::assign_variable:
            context_.variables.assign(variable_of(op), value(op.inputs.at(1)));
            break;
        case OpType::if_else:
            run_if(op);
            break;
        case OpType::while_loop:
            run_while(op);
            break;
        default:
            run_kernel(op);
    }
}

std::size_t Scope::variable_of(const Operator& op) {
    const auto handle = handles_.find(op.inputs.at(0));
    if (handle == handles_.end()) {
        throw NotExecutable(fmt::format("{} ({}): its operand is no handle of a variable", op.name,
                                        to_string(op.type)));
    }
    return handle->second;
}

std::vector<Scope::Buffer> Scope::values_of(const std::vector<TensorId>& ids) {
    std::vector<Buffer> values;
    values.reserve(ids.size());
    for (const TensorId id : ids) values.push_back(value(id));
    return values;
}

std::vector<Scope::Buffer> Scope::call(const Operator& op, std::size_t which,
                                       std::vector<Buffer> inputs) {
    const auto& numbers = std::get<SubgraphAttributes>(op.attributes).subgraphs;
    const std::int32_t number = numbers.at(which);
    const auto fail = [&](const std::string& why) {
        throw NotExecutable(fmt::format("{} ({}): {}", op.name, to_string(op.type), why));
    };
    if (number < 1 || static_cast<std::size_t>(number) > context_.network.subgraphs.size()) {
        fail(fmt::format("subgraph {} of {}", number, context_.network.subgraphs.size()));
    }
    if (depth_ >= deepest_calls) fail("subgraphs run each other without end");
    const Graph& called = context_.network.subgraphs[static_cast<std::size_t>(number) - 1];
    if (called.tensors.empty()) {
        fail(fmt::format("subgraph {} could not be read (u65sim graph says why)", number));
    }
    if (called.inputs.size() != inputs.size()) {
        fail(fmt::format("gives {} operands to a subgraph of {}", inputs.size(),
                         called.inputs.size()));
    }
    Scope scope{context_, called, depth_ + 1};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].size() !=
            static_cast<std::size_t>(stored_bytes(scope.tensor(called.inputs[i])))) {
            fail(fmt::format("operand {} has another size than in the subgraph", i));
        }
        scope.set(called.inputs[i], std::move(inputs[i]));
    }
    for (const Operator& each : called.operators) {
        scope.charge(each);
        scope.run(each);
    }
    return scope.values_of(called.outputs);
}

void Scope::charge(const Operator& op) {
    // A reference kernel takes about this many times what the NPU's model takes.
    constexpr std::int64_t of_a_byte = 64, of_a_mac = 16, of_a_call = 4096;
    std::int64_t bytes = 0;
    for (const auto* ids : {&op.inputs, &op.outputs}) {
        for (const TensorId id : *ids) {
            if (id != no_tensor) bytes = detail::checked_add(bytes, stored_bytes(tensor(id)));
        }
    }
    const std::int64_t work =
        detail::checked_add(detail::checked_mul(bytes, of_a_byte),
                            detail::checked_mul(count_macs(graph_, op).count(), of_a_mac)) +
        of_a_call;
    if (work > context_.work_left) {
        throw NotExecutable(
            fmt::format("{} ({}): subgraphs ask for more work than --work-limit "
                        "(ExecuteOptions::work_limit) allows",
                        op.name, to_string(op.type)));
    }
    context_.work_left -= work;
}

bool Scope::is_true(const Operator& op, const Buffer& condition) const {
    if (condition.size() != 1) {
        throw NotExecutable(fmt::format("{} ({}): its condition has {} bytes: must be one bool",
                                        op.name, to_string(op.type), condition.size()));
    }
    return condition.front() != 0;
}

void Scope::run_once(const Operator& op) {
    const std::int32_t number = std::get<SubgraphAttributes>(op.attributes).subgraphs.at(0);
    if (context_.keeps_variables || !context_.set_up.insert(number).second) return;
    call(op, 0, {});
}

void Scope::run_if(const Operator& op) {
    const std::vector<TensorId> rest(op.inputs.begin() + 1, op.inputs.end());
    const bool taken = is_true(op, value(op.inputs.front()));
    keep(op, call(op, taken ? 0 : 1, values_of(rest)));
}

void Scope::run_while(const Operator& op) {
    std::vector<Buffer> state = values_of(op.inputs);
    for (int turn = 0;; ++turn) {
        const auto condition = call(op, 0, state);
        if (condition.size() != 1 || !is_true(op, condition.front())) break;
        if (turn >= most_turns) {
            throw NotExecutable(fmt::format("{} ({}): more than {} turns", op.name,
                                            to_string(op.type), most_turns));
        }
        state = call(op, 1, std::move(state));
    }
    keep(op, std::move(state));
}

void Scope::keep(const Operator& op, std::vector<Buffer> results) {
    for (std::size_t i = 0; i < op.outputs.size(); ++i) {
        if (i >= results.size() ||
            results[i].size() != static_cast<std::size_t>(stored_bytes(tensor(op.outputs[i])))) {
            throw NotExecutable(fmt::format("{} ({}): output {} is not what the subgraph gives",
                                            op.name, to_string(op.type), i));
        }
        set(op.outputs[i], std::move(results[i]));
    }
}

void Scope::run_kernel(const Operator& op) {
    std::vector<arith::CpuOperand> operands;
    for (const TensorId id : op.inputs) {
        if (id == no_tensor) {
            operands.push_back({});
        } else {
            operands.push_back({&tensor(id), value(id)});
        }
    }
    std::vector<const Tensor*> outputs;
    for (const TensorId id : op.outputs) outputs.push_back(&tensor(id));
    std::vector<const Tensor*> intermediates;
    for (const TensorId id : op.intermediates) {
        intermediates.push_back(id == no_tensor ? nullptr : &tensor(id));
    }
    auto results = arith::run_cpu_operator(op, operands, outputs, intermediates);
    std::vector<TensorId> written = op.outputs;
    for (const TensorId id : op.inputs) {
        if (id != no_tensor && tensor(id).is_variable) written.push_back(id);
    }
    for (std::size_t i = 0; i < std::min(written.size(), results.size()); ++i) {
        set(written[i], std::move(results[i]));
    }
}

}  // namespace u65sim::machine::functional
