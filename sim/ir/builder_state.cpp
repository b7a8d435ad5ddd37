#include "ir/builder_state.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "ir/constants.hpp"
#include "ir/infer_shapes.hpp"
#include "ir/operator_info.hpp"

namespace u65sim {
namespace {

std::string lower(std::string_view text) {
    std::string result{text};
    for (char& letter : result) {
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    return result;
}

}  // namespace

const Tensor& GraphBuilder::State::tensor(Value value) const {
    if (value.id < 0 || static_cast<std::size_t>(value.id) >= graph.tensors.size()) {
        throw InvalidModel(
            fmt::format("{}: tensor {} is not one of this builder's", graph.name, value.id));
    }
    return graph.tensors[static_cast<std::size_t>(value.id)];
}

const ir::Spread& GraphBuilder::State::spread(Value value) const {
    static_cast<void>(tensor(value));
    return spreads[static_cast<std::size_t>(value.id)];
}

std::string GraphBuilder::State::take_name(const std::string& wanted, std::string_view kind) {
    std::string name = wanted;
    if (name.empty()) {
        const std::string base = lower(kind);
        do {
            name = fmt::format("{}_{}", base, ++counters[base]);
        } while (names.contains(name));
    }
    if (!names.insert(name).second) {
        throw InvalidModel(fmt::format("{}: name '{}' is taken", graph.name, name));
    }
    return name;
}

TensorId GraphBuilder::State::add_tensor(Tensor tensor, const ir::Spread& spread) {
    graph.tensors.push_back(std::move(tensor));
    spreads.push_back(spread);
    return static_cast<TensorId>(graph.tensors.size() - 1);
}

TensorId GraphBuilder::State::add_int32(std::string name, const Shape& shape,
                                        const std::vector<std::int32_t>& values) {
    Tensor tensor;
    tensor.name = std::move(name);
    tensor.shape = shape;
    tensor.type = ElementType::int32;
    tensor.data = ir::int32_data(values);
    return add_tensor(std::move(tensor), {});
}

Value GraphBuilder::State::append(OpType type, std::vector<TensorId> inputs, Attributes attributes,
                                  const LayerOptions& layer, const ir::Spread& spread) {
    Tensor output;
    output.type = options.activations;
    output.quantization = layer.quantization ? *layer.quantization
                                             : ir::quantization_for(spread, options.activations);
    Operator op;
    op.type = type;
    op.inputs = std::move(inputs);
    op.attributes = std::move(attributes);
    op.name = take_name(layer.name, to_string(type));
    output.name = op.name;
    op.outputs = {static_cast<TensorId>(graph.tensors.size())};
    try {
        output.shape = ir::infer_shapes(graph, op).at(0).value_or(Shape{});
    } catch (const QuantityOverflow& error) {
        throw InvalidModel(
            fmt::format("operator '{}': extents are too large: {}", op.name, error.what()));
    }
    const TensorId id = add_tensor(std::move(output), spread);
    op.version = ir::operator_version(graph, op);
    graph.operators.push_back(std::move(op));
    return {id};
}

Value GraphBuilder::State::append_like(OpType type, std::vector<TensorId> inputs,
                                       Attributes attributes, const LayerOptions& layer,
                                       Value like) {
    LayerOptions same = layer;
    if (!same.quantization) same.quantization = tensor(like).quantization;
    const ElementType element = tensor(like).type;
    const Value result = append(type, std::move(inputs), std::move(attributes), same, spread(like));
    graph.tensors[static_cast<std::size_t>(result.id)].type = element;
    return result;
}

Value GraphBuilder::State::requantised(Value value, Value model) {
    const Tensor& wanted = tensor(model);
    const Tensor& found = tensor(value);
    if (found.quantization == wanted.quantization && found.type == wanted.type) return value;
    LayerOptions layer;
    layer.quantization = wanted.quantization;
    const ElementType element = wanted.type;
    const Value result =
        append(OpType::quantize, {value.id}, std::monostate{}, layer, spread(value));
    graph.tensors[static_cast<std::size_t>(result.id)].type = element;
    graph.operators.back().version = ir::operator_version(graph, graph.operators.back());
    return result;
}

namespace ir {

std::int32_t operator_version(const Graph& graph, const Operator& op) {
    const auto type_of = [&](const std::vector<TensorId>& ids, std::size_t position) {
        if (position >= ids.size() || ids[position] < 0) return ElementType::other;
        return graph.tensors.at(static_cast<std::size_t>(ids[position])).type;
    };
    const OperatorInfo& row = info(op.type);
    const ElementType element = type_of(op.inputs, static_cast<std::size_t>(row.operands.map));
    std::int32_t version = 1;
    if (element == ElementType::int8) version = row.versions.int8;
    if (element == ElementType::int16) version = row.versions.int16;
    // Attributes and operands that came with a later version.
    const auto at_least = [&](bool is_used, std::int32_t later) {
        if (is_used) version = std::max(version, later);
    };
    if (op.type == OpType::depthwise_conv_2d) {
        const auto& window = std::get<WindowAttributes>(op.attributes);
        at_least(window.dilation_h != 1 || window.dilation_w != 1, 2);
    } else if (op.type == OpType::fully_connected) {
        at_least(std::get<FullyConnectedAttributes>(op.attributes).keep_num_dims, 5);
    } else if (op.type == OpType::transpose_conv) {
        at_least(op.inputs.size() > static_cast<std::size_t>(row.operands.bias), 3);
        at_least(std::get<WindowAttributes>(op.attributes).activation != Activation::none, 4);
    } else if (op.type == OpType::quantize) {
        at_least(element == ElementType::uint8, 2);
    }
    return version;
}

}  // namespace ir
}  // namespace u65sim
