#include "ir/builder_state.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "ir/constants.hpp"
#include "ir/infer_shapes.hpp"

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
    const std::size_t data = op.type == OpType::transpose_conv ? 2
                             : op.type == OpType::split        ? 1
                                                               : 0;
    const ElementType element = type_of(op.inputs, data);
    // Versions of the signed kernels: 8-bit, then 16-bit.
    const auto version = [&](std::int32_t small, std::int32_t wide) {
        if (element == ElementType::int16) return wide;
        return element == ElementType::int8 ? small : 1;
    };
    switch (op.type) {
        case OpType::conv_2d:
        case OpType::depthwise_conv_2d: {
            const auto& window = std::get<WindowAttributes>(op.attributes);
            const bool is_dilated = window.dilation_h != 1 || window.dilation_w != 1;
            if (op.type == OpType::conv_2d) return version(3, 4);
            return std::max(version(3, 5), is_dilated ? 2 : 1);
        }
        case OpType::fully_connected:
            if (std::get<FullyConnectedAttributes>(op.attributes).keep_num_dims) {
                return std::max(version(5, 7), 5);
            }
            return version(4, 7);
        case OpType::transpose_conv: {
            const auto& window = std::get<WindowAttributes>(op.attributes);
            if (window.activation != Activation::none) return 4;
            return op.inputs.size() > 3 ? 3 : version(2, 3);
        }
        case OpType::average_pool_2d:
        case OpType::max_pool_2d:
        case OpType::logistic:
        case OpType::tanh:
        case OpType::concatenation:
        case OpType::mean:
        case OpType::reduce_max:
            return version(2, 3);
        case OpType::add:
        case OpType::sub:
            return version(2, op.type == OpType::add ? 4 : 5);
        case OpType::mul:
            return version(2, 4);
        case OpType::minimum:
        case OpType::maximum:
        case OpType::softmax:
            return version(2, 3);
        case OpType::leaky_relu:
        case OpType::relu:
            return version(2, 2);
        case OpType::pad:
        case OpType::strided_slice:
            return version(2, 4);
        case OpType::split:
        case OpType::slice:
        case OpType::split_v:
            return version(2, 4);
        case OpType::transpose:
            return version(2, 5);
        case OpType::resize_bilinear:
        case OpType::resize_nearest_neighbor:
            return version(2, 3);
        case OpType::relu6:
        case OpType::abs:
        case OpType::exp:
            return version(2, 2);
        case OpType::quantize:
            return element == ElementType::int8 || element == ElementType::uint8 ? 2 : 1;
        default:
            return 1;
    }
}

}  // namespace ir
}  // namespace u65sim
