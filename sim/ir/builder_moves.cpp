// Layers that move elements.
#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "ir/builder_state.hpp"
#include "ir/infer_shapes.hpp"

namespace u65sim {
namespace {

Shape length_of(const std::vector<std::int32_t>& values) {
    return {static_cast<std::int32_t>(values.size())};
}

}  // namespace

Value GraphBuilder::concat(const std::vector<Value>& parts, std::int32_t axis,
                           LayerOptions options) {
    if (parts.empty()) throw InvalidModel("concat of nothing: must have a part");
    std::vector<TensorId> inputs;
    for (const Value part : parts) {
        inputs.push_back(state_->requantised(part, parts.front()).id);
    }
    return state_->append_like(OpType::concatenation, std::move(inputs),
                               AxisAttributes{axis, 0, options.activation, 0}, options,
                               parts.front());
}

std::vector<Value> GraphBuilder::split(Value x, std::int32_t count, std::int32_t axis,
                                       LayerOptions options) {
    const Tensor input = state_->tensor(x);
    const ir::Spread spread = state_->spread(x);
    constexpr std::int32_t most_parts = 65535;
    if (count < 1 || count > most_parts) {
        throw InvalidModel(
            fmt::format("split into {}: must be between 1 and {}", count, most_parts));
    }
    Operator op;
    op.type = OpType::split;
    op.attributes = AxisAttributes{axis, count, Activation::none, 0};
    op.name = state_->take_name(options.name, to_string(op.type));
    op.inputs = {state_->add_int32(op.name + "/axis", {}, {axis}), x.id};
    op.outputs.assign(static_cast<std::size_t>(count), no_tensor);
    const auto shapes = ir::infer_shapes(state_->graph, op);
    std::vector<Value> parts;
    for (std::size_t index = 0; index < shapes.size(); ++index) {
        Tensor part;
        // The first part carries the operator's name, as the file format has no other place.
        part.name =
            index == 0 ? op.name : state_->take_name(fmt::format("{}:{}", op.name, index), "split");
        part.shape = shapes[index].value_or(Shape{});
        part.type = input.type;
        part.quantization = input.quantization;
        op.outputs[index] = state_->add_tensor(std::move(part), spread);
        parts.push_back({op.outputs[index]});
    }
    op.version = ir::operator_version(state_->graph, op);
    state_->graph.operators.push_back(std::move(op));
    return parts;
}

Value GraphBuilder::slice(Value x, const std::vector<std::int32_t>& begin,
                          const std::vector<std::int32_t>& size, LayerOptions options) {
    options.name = state_->take_name(options.name, to_string(OpType::slice));
    state_->names.erase(options.name);
    const TensorId begin_id = state_->add_int32(options.name + "/begin", length_of(begin), begin);
    const TensorId size_id = state_->add_int32(options.name + "/size", length_of(size), size);
    return state_->append_like(OpType::slice, {x.id, begin_id, size_id}, std::monostate{}, options,
                               x);
}

Value GraphBuilder::reshape(Value x, const Shape& shape, LayerOptions options) {
    options.name = state_->take_name(options.name, to_string(OpType::reshape));
    state_->names.erase(options.name);
    const TensorId shape_id = state_->add_int32(options.name + "/shape", length_of(shape), shape);
    return state_->append_like(OpType::reshape, {x.id, shape_id}, ReshapeAttributes{shape}, options,
                               x);
}

Value GraphBuilder::transpose(Value x, const std::vector<std::int32_t>& order,
                              LayerOptions options) {
    options.name = state_->take_name(options.name, to_string(OpType::transpose));
    state_->names.erase(options.name);
    const TensorId order_id = state_->add_int32(options.name + "/order", length_of(order), order);
    return state_->append_like(OpType::transpose, {x.id, order_id}, std::monostate{}, options, x);
}

Value GraphBuilder::pad(Value x, const std::vector<std::int32_t>& before,
                        const std::vector<std::int32_t>& after, LayerOptions options) {
    if (before.size() != after.size()) {
        throw InvalidModel(fmt::format("pad: {} amounts before and {} after, must be as many",
                                       before.size(), after.size()));
    }
    options.name = state_->take_name(options.name, to_string(OpType::pad));
    state_->names.erase(options.name);
    std::vector<std::int32_t> amounts;
    for (std::size_t axis = 0; axis < before.size(); ++axis) {
        amounts.push_back(before[axis]);
        amounts.push_back(after[axis]);
    }
    const TensorId amounts_id = state_->add_int32(
        options.name + "/paddings", {static_cast<std::int32_t>(before.size()), 2}, amounts);
    return state_->append_like(OpType::pad, {x.id, amounts_id}, std::monostate{}, options, x);
}

Value GraphBuilder::resize_bilinear(Value x, std::int32_t height, std::int32_t width,
                                    const ResizeAttributes& attributes, LayerOptions options) {
    options.name = state_->take_name(options.name, to_string(OpType::resize_bilinear));
    state_->names.erase(options.name);
    const TensorId size_id = state_->add_int32(options.name + "/size", {2}, {height, width});
    return state_->append_like(OpType::resize_bilinear, {x.id, size_id}, attributes, options, x);
}

Value GraphBuilder::resize_nearest(Value x, std::int32_t height, std::int32_t width,
                                   const ResizeAttributes& attributes, LayerOptions options) {
    options.name = state_->take_name(options.name, to_string(OpType::resize_nearest_neighbor));
    state_->names.erase(options.name);
    const TensorId size_id = state_->add_int32(options.name + "/size", {2}, {height, width});
    return state_->append_like(OpType::resize_nearest_neighbor, {x.id, size_id}, attributes,
                               options, x);
}

}  // namespace u65sim
