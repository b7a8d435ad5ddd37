// Operators on float32 between a DEQUANTIZE and a QUANTIZE of 8 bits, as converters leave those
// that they cannot quantise: one look-up table, made by the CPU's kernels.
#include <algorithm>
#include <cstddef>
#include <vector>

#include "compile/lower/curves.hpp"
#include "compile/lower/operators.hpp"

namespace u65sim::compiler {

namespace {

/// Exact on float32 wherever it runs, so that tables hold the CPU's results.
bool is_exact(OpType type) {
    switch (type) {
        case OpType::abs:
        case OpType::ceil:
        case OpType::floor:
        case OpType::neg:
        case OpType::relu:
        case OpType::relu6:
        case OpType::sqrt:
        case OpType::square:
            return true;
        default:
            return false;
    }
}

/// Per tensor: its only reader, or no_operator.
std::vector<std::int32_t> only_readers(const Graph& graph) {
    std::vector<std::int32_t> readers(graph.tensors.size(), no_operator);
    std::vector<int> count(graph.tensors.size(), 0);
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
        for (const TensorId id : graph.operators[i].inputs) {
            if (id < 0) continue;
            readers[static_cast<std::size_t>(id)] = static_cast<std::int32_t>(i);
            ++count[static_cast<std::size_t>(id)];
        }
    }
    for (const TensorId id : graph.outputs) ++count[static_cast<std::size_t>(id)];
    for (std::size_t t = 0; t < readers.size(); ++t) {
        if (count[t] != 1) readers[t] = no_operator;
    }
    return readers;
}

bool is_quantised_map(const Tensor& tensor) {
    return is_8_bit(tensor.type) && !tensor.data && !tensor.is_variable &&
           tensor.quantization.scales.size() == 1 && tensor.shape.size() <= 4;
}

/// The chain that a DEQUANTIZE begins; without operators where it does not end in 8 bits.
FusedCurve chain_from(const Program& program, std::int32_t first,
                      const std::vector<std::int32_t>& readers) {
    const Operator& head = program.op(first);
    FusedCurve chain{head.inputs[0], head.outputs[0], {first}};
    const Tensor& from = program.tensor(chain.from);
    if (!is_quantised_map(from)) return {};
    while (true) {
        const std::int32_t next = readers[static_cast<std::size_t>(chain.to)];
        if (next == no_operator) return {};
        const Operator& op = program.op(next);
        const Tensor& made = program.tensor(op.outputs[0]);
        if (made.shape != from.shape) return {};
        chain.operators.push_back(next);
        chain.to = op.outputs[0];
        if (op.type == OpType::quantize) {
            return made.type == from.type && is_quantised_map(made) ? chain : FusedCurve{};
        }
        if (!is_exact(op.type) || made.type != ElementType::float32) return {};
    }
}

}  // namespace

void take_float_chains(Program& program) {
    if (!program.rules.fuses_curves) return;
    const std::vector<std::int32_t> readers = only_readers(*program.graph);
    const auto count = static_cast<std::int32_t>(program.graph->operators.size());
    for (std::int32_t i = 0; i < count; ++i) {
        if (program.op(i).type != OpType::dequantize || program.refusals.count(i) != 0) continue;
        FusedCurve chain = chain_from(program, i, readers);
        if (chain.operators.empty()) continue;
        for (const std::int32_t op : chain.operators) {
            program.decision(op) = {.on_npu = true};
            if (op != i) program.decision(op).fused_into = i;
        }
        program.curves.emplace(i, std::move(chain));
    }
}

void refuse_parted_chains(Program& program) {
    for (const auto& [first, chain] : program.curves) {
        const auto segment = program.segment_of[static_cast<std::size_t>(first)];
        const bool together =
            std::all_of(chain.operators.begin(), chain.operators.end(), [&](std::int32_t op) {
                return program.segment_of[static_cast<std::size_t>(op)] == segment;
            });
        if (!together) {
            program.refusals.try_emplace(first, "others run between it and its QUANTIZE");
        }
    }
}

}  // namespace u65sim::compiler
