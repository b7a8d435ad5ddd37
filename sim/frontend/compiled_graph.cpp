#include "frontend/compiled_graph.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <u65sim/error.hpp>

namespace u65sim::frontend {

void CompiledGraph::add(CompiledPart part) {
    Operator op;
    op.name = part.name;
    op.type = OpType::custom;
    op.custom_code = ir::npu_operator_code;
    op.custom_options.assign(std::begin(ir::npu_custom_options), std::end(ir::npu_custom_options));
    op.inputs = {add_bytes(part.name + "_command_stream", std::move(part.payload)),
                 add_bytes(part.name + "_constants", std::move(part.constants)),
                 add_memory(part.name + "_arena", part.arena_bytes)};
    TensorId fast = no_tensor;
    if (part.has_one_memory) {
        fast = op.inputs[ir::arena_operand];
    } else if (part.fast_bytes) {
        fast = add_memory(part.name + "_fast", *part.fast_bytes);
    }
    op.inputs.push_back(fast);
    for (const PlacedTensor& input : part.inputs) {
        op.inputs.push_back(input.tensor);
        places_.push_back(input.place);
    }
    for (const PlacedTensor& output : part.outputs) {
        op.outputs.push_back(output.tensor);
        places_.push_back(output.place);
    }
    graph_.operators.push_back(std::move(op));
}

void CompiledGraph::finish() {
    graph_.metadata.push_back({std::string(ir::places_metadata), ir::write_places(places_)});
}

TensorId CompiledGraph::add_bytes(std::string name, std::vector<std::uint8_t> bytes) {
    Tensor tensor;
    tensor.name = std::move(name);
    tensor.shape = {static_cast<std::int32_t>(bytes.size())};
    tensor.type = ElementType::uint8;
    tensor.data = ConstantData{std::move(bytes)};
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<TensorId>(graph_.tensors.size() - 1);
}

TensorId CompiledGraph::add_memory(std::string name, std::int32_t bytes) {
    Tensor tensor;
    tensor.name = std::move(name);
    // Runtimes allocate it, so it must not be empty.
    tensor.shape = {std::max(bytes, 1)};
    tensor.type = ElementType::uint8;
    graph_.tensors.push_back(std::move(tensor));
    return static_cast<TensorId>(graph_.tensors.size() - 1);
}

void verify_file(const Graph& graph, std::string_view name) {
    try {
        verify(graph);
    } catch (const InvalidModel& error) {
        throw InvalidModel(fmt::format("{}: {}", name, error.what()));
    }
}

}  // namespace u65sim::frontend
