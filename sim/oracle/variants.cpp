#include "oracle/variants.hpp"

#include <algorithm>
#include <cstdlib>

#include <u65sim/graph_builder.hpp>

#include "ir/operator_info.hpp"
#include "stream/operation.hpp"

namespace u65sim::oracle {

namespace {

/// Larger than any burst, so that moving by multiples of it keeps every burst's cut.
constexpr std::int64_t alignment = 4096;

const Tensor& tensor_of(const Graph& graph, TensorId id) {
    return graph.tensors.at(static_cast<std::size_t>(id));
}

/// The tensor with an operator's weights; no_tensor when they are not constants.
TensorId weights_of(const Graph& graph, const Operator& op) {
    const int operand = ir::filter_operand(op.type);
    if (operand < 0 || static_cast<std::size_t>(operand) >= op.inputs.size()) return no_tensor;
    const TensorId id = op.inputs[static_cast<std::size_t>(operand)];
    return id >= 0 && tensor_of(graph, id).data ? id : no_tensor;
}

ConstantData half_zero(const Tensor& weights) {
    const bool is_unsigned = weights.type == ElementType::uint8;
    const auto& zeros = weights.quantization.zero_points;
    const int zero = zeros.empty() ? 0 : static_cast<int>(zeros.front());
    std::vector<std::uint8_t> bytes = weights.data.bytes();
    const auto magnitude = [&](std::uint8_t byte) {
        return std::abs((is_unsigned ? byte : static_cast<std::int8_t>(byte)) - zero);
    };
    std::vector<int> sizes(bytes.size());
    std::transform(bytes.begin(), bytes.end(), sizes.begin(), magnitude);
    const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
    std::nth_element(sizes.begin(), middle, sizes.end());
    const int threshold = *middle;
    auto ties =
        static_cast<std::ptrdiff_t>(sizes.size() / 2) -
        std::count_if(sizes.begin(), sizes.end(), [&](int size) { return size < threshold; });
    for (std::uint8_t& byte : bytes) {
        const int size = magnitude(byte);
        if (size < threshold || (size == threshold && ties-- > 0)) {
            byte = static_cast<std::uint8_t>(zero);
        }
    }
    return ConstantData{std::move(bytes)};
}

}  // namespace

CompiledNetwork with_map_in_sram(const CompiledNetwork& network, const SpilledMap& spill) {
    CompiledNetwork moved = network;
    const std::int64_t from = spill.offset.count();
    const std::int64_t end = from + spill.size.count();
    const std::int64_t place =
        (network.fast_size.count() / alignment + 1) * alignment + from % alignment;
    const auto move_address = [&](std::uint64_t& address) {
        const auto old = static_cast<std::int64_t>(address);
        if (old >= from && old < end) address = static_cast<std::uint64_t>(old - from + place);
    };
    const auto move = [&](stream::FeatureMap& map) {
        map.region = region_fast;
        for (std::uint64_t& address : map.base) move_address(address);
    };
    for (NpuSegment& segment : moved.segments) {
        std::vector<stream::Action> actions;
        for (const stream::Command& command :
             stream::decode(segment.stream.words, segment.stream.accelerator)) {
            actions.push_back(command.action);
        }
        for (const CommandLabel& label : segment.labels) {
            if (label.command_index >= actions.size()) continue;
            const auto is_spilled = [&](std::size_t map) {
                return label.maps[map] == spill.placement;
            };
            auto* copy = std::get_if<stream::DmaOp>(&actions[label.command_index]);
            if (copy != nullptr && is_spilled(0)) {
                copy->source.region = region_fast;
                move_address(copy->source.address);
            }
            auto* kernel = std::get_if<stream::KernelOp>(&actions[label.command_index]);
            if (kernel == nullptr) continue;
            if (is_spilled(0)) move(kernel->ifm);
            if (is_spilled(1)) move(kernel->ifm2);
            if (is_spilled(2)) move(kernel->ofm);
        }
        segment.stream.words = stream::encode(actions, segment.stream.accelerator);
    }
    moved.fast_size = Bytes{place + spill.size.count()};
    return moved;
}

std::optional<Graph> with_half_the_weights(const Graph& graph, const Operator& op) {
    const TensorId id = weights_of(graph, op);
    if (id == no_tensor) return std::nullopt;
    const Tensor& weights = tensor_of(graph, id);
    if (weights.type != ElementType::int8 && weights.type != ElementType::uint8) {
        return std::nullopt;
    }
    ConstantData thinner;
    if (const WeightModel* model = weights.data.model()) {
        if (model->bits_per_weight > 0) return std::nullopt;
        WeightModel half = *model;
        half.density /= 2;
        thinner = ConstantData{half, weights.data.size()};
    } else {
        if (weights.data.bytes().empty()) return std::nullopt;
        thinner = half_zero(weights);
    }
    Graph changed = graph;
    changed.tensors[static_cast<std::size_t>(id)].data = std::move(thinner);
    return changed;
}

namespace {

/// Whether the network's results have these channels: its classes, boxes or the like. What follows
/// element by element or by shape alone changes nothing about that.
bool decides_results(const Graph& graph, TensorId id) {
    if (std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end()) {
        return true;
    }
    return std::any_of(graph.operators.begin(), graph.operators.end(), [&](const Operator& next) {
        const bool keeps_channels =
            next.type == OpType::softmax || next.type == OpType::log_softmax ||
            next.type == OpType::logistic || next.type == OpType::quantize ||
            next.type == OpType::dequantize || next.type == OpType::reshape ||
            next.type == OpType::squeeze || next.type == OpType::expand_dims;
        return keeps_channels && !next.inputs.empty() && next.inputs.front() == id &&
               !next.outputs.empty() && decides_results(graph, next.outputs.front());
    });
}

}  // namespace

std::int32_t free_channels(const Graph& graph, const Operator& op) {
    if (op.type != OpType::conv_2d && op.type != OpType::fully_connected) return 0;
    const TensorId id = weights_of(graph, op);
    if (id == no_tensor || op.outputs.empty()) return 0;
    if (decides_results(graph, op.outputs.front())) return 0;
    const Tensor& input = tensor_of(graph, op.inputs.at(0));
    const Tensor& weights = tensor_of(graph, id);
    if (input.shape.empty() || weights.shape.empty()) return 0;
    // Grouped convolutions are left alone.
    if (weights.shape.back() != input.shape.back()) return 0;
    const bool known = input.type == ElementType::int8 || input.type == ElementType::uint8 ||
                       input.type == ElementType::int16;
    return known ? weights.shape.front() : 0;
}

Graph alone(const Graph& graph, const Operator& op, std::int32_t channels) {
    const Tensor& input = tensor_of(graph, op.inputs.at(0));
    const Tensor& weights = tensor_of(graph, op.inputs.at(1));
    BuilderOptions options;
    options.activations = input.type;
    options.weights.modelled = true;
    GraphBuilder net{op.name, options};
    const Value x = net.input(input.shape);
    LayerOptions layer;
    if (op.type == OpType::fully_connected) {
        layer.activation = std::get<FullyConnectedAttributes>(op.attributes).activation;
        net.output(net.fully_connected(x, channels, layer));
    } else {
        const auto& attributes = std::get<WindowAttributes>(op.attributes);
        layer.activation = attributes.activation;
        const Window window{weights.shape.at(1), weights.shape.at(2),   attributes.stride_h,
                            attributes.stride_w, attributes.dilation_h, attributes.dilation_w,
                            attributes.padding};
        net.output(net.conv2d(x, channels, window, layer));
    }
    return net.build();
}

std::optional<Graph> without_last(const Graph& graph, std::size_t index) {
    const Operator& op = graph.operators.at(index);
    if (op.type != OpType::softmax && op.type != OpType::logistic) return std::nullopt;
    if (graph.operators.size() < 2 || op.outputs.size() != 1) return std::nullopt;
    const TensorId result = op.outputs[0];
    const bool is_read =
        std::any_of(graph.operators.begin(), graph.operators.end(), [&](const Operator& other) {
            return std::count(other.inputs.begin(), other.inputs.end(), result) > 0;
        });
    if (is_read || std::count(graph.outputs.begin(), graph.outputs.end(), result) == 0) {
        return std::nullopt;
    }
    Graph shorter = graph;
    std::replace(shorter.outputs.begin(), shorter.outputs.end(), result, op.inputs.at(0));
    shorter.operators.erase(shorter.operators.begin() + static_cast<std::ptrdiff_t>(index));
    return shorter;
}

}  // namespace u65sim::oracle
