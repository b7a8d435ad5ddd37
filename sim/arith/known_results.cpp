#include "arith/known_results.hpp"

#include <algorithm>

#include <u65sim/error.hpp>

#include "arith/cpu_kernels.hpp"

namespace u65sim::arith {
namespace {

using Results = std::vector<std::vector<std::uint8_t>>;

/// A small file could ask for anything.
constexpr std::int64_t room_for_results = std::int64_t{64} * 1024;
constexpr std::int64_t most_growth = 8;

const Tensor& tensor(const Graph& graph, TensorId id) {
    return graph.tensors[static_cast<std::size_t>(id)];
}

/// Its operand's shape is all it reads.
bool reads_shape_only(const Operator& op) {
    return op.type == OpType::shape || op.type == OpType::rank;
}

bool may_be_known(const Graph& graph, const Operator& op, std::int64_t most) {
    if (op.inputs.empty() || op.outputs.empty() || !op.intermediates.empty()) return false;
    for (const TensorId id : op.outputs) {
        if (tensor(graph, id).is_variable) return false;
    }
    if (reads_shape_only(op)) return op.inputs[0] != no_tensor;
    std::int64_t read = 0;
    for (const TensorId id : op.inputs) {
        if (id == no_tensor) continue;
        const Tensor& input = tensor(graph, id);
        if (!input.data || input.data.model() != nullptr || input.is_variable) return false;
        read += input.data.size();
    }
    std::int64_t made = 0;
    for (const TensorId id : op.outputs) made += stored_bytes(tensor(graph, id));
    return made <= std::min(most, room_for_results + most_growth * read) &&
           count_macs(graph, op).count() == 0;
}

std::vector<std::uint8_t> shape_bytes(const Graph& graph, const Operator& op) {
    const auto width = static_cast<std::size_t>(element_bytes(tensor(graph, op.outputs[0]).type));
    std::vector<std::uint8_t> bytes;
    Shape numbers = tensor(graph, op.inputs[0]).shape;
    if (op.type == OpType::rank) numbers = {static_cast<std::int32_t>(numbers.size())};
    for (const std::int32_t number : numbers) {
        for (std::size_t byte = 0; byte < width; ++byte) {
            bytes.push_back(static_cast<std::uint8_t>(std::int64_t{number} >> (8 * byte)));
        }
    }
    return bytes;
}

Results computed(const Graph& graph, const Operator& op) {
    if (reads_shape_only(op)) return {shape_bytes(graph, op)};
    std::vector<CpuOperand> operands;
    for (const TensorId id : op.inputs) {
        if (id == no_tensor) {
            operands.push_back({});
        } else {
            operands.push_back({&tensor(graph, id), tensor(graph, id).data.bytes()});
        }
    }
    std::vector<const Tensor*> outputs;
    for (const TensorId id : op.outputs) outputs.push_back(&tensor(graph, id));
    return run_cpu_operator(op, operands, outputs);
}

}  // namespace

std::optional<Results> known_results(const Graph& graph, const Operator& op, std::int64_t most) {
    try {
        if (!may_be_known(graph, op, most)) return {};
        Results results = computed(graph, op);
        if (results.size() < op.outputs.size()) return {};
        for (std::size_t i = 0; i < op.outputs.size(); ++i) {
            const std::int64_t wanted = stored_bytes(tensor(graph, op.outputs[i]));
            if (static_cast<std::int64_t>(results[i].size()) != wanted) return {};
        }
        return results;
    } catch (const Error&) {
        return {};  // operands that do not go together, or no kernel
    } catch (const QuantityOverflow&) {
        return {};
    }
}

}  // namespace u65sim::arith
