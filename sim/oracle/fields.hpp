// The members of a network's values, in one place: whoever hashes them visits them all. Structured
// bindings take the values apart: a member that is added to one of them does not compile until it
// stands here too.
#pragma once

#include <type_traits>

#include <u65sim/graph.hpp>

namespace u65sim::oracle {

/// `Value` or `const Value`.
template <class Given, class Value>
concept Is = std::is_same_v<std::remove_const_t<Given>, Value>;

template <Is<Quantization> V>
void visit_fields(V& value, auto&& visit) {
    auto& [scales, zero_points, axis] = value;
    visit(scales, zero_points, axis);
}
template <Is<Tensor> V>
void visit_fields(V& value, auto&& visit) {
    auto& [name, shape, type, quantization, data, is_variable] = value;
    visit(name, shape, type, quantization, data, is_variable);
}
template <Is<Operator> V>
void visit_fields(V& value, auto&& visit) {
    auto& [name, type, inputs, outputs, attributes, builtin_code, version, custom_code,
           custom_options, intermediates] = value;
    visit(name, type, inputs, outputs, attributes, builtin_code, version, custom_code,
          custom_options, intermediates);
}
template <Is<Metadata> V>
void visit_fields(V& value, auto&& visit) {
    auto& [name, bytes] = value;
    visit(name, bytes);
}
template <Is<Graph> V>
void visit_fields(V& value, auto&& visit) {
    auto& [name, description, tensors, operators, inputs, outputs, metadata, subgraphs, notes] =
        value;
    visit(name, description, tensors, operators, inputs, outputs, metadata, subgraphs, notes);
}
template <Is<WeightModel> V>
void visit_fields(V& value, auto&& visit) {
    auto& [distribution, density, clusters, seed, bits_per_weight] = value;
    visit(distribution, density, clusters, seed, bits_per_weight);
}

// Attributes.
template <Is<std::monostate> V>
void visit_fields(V&, auto&&) {}
template <Is<WindowAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [padding, stride_h, stride_w, dilation_h, dilation_w, filter_h, filter_w,
           depth_multiplier, activation] = value;
    visit(padding, stride_h, stride_w, dilation_h, dilation_w, filter_h, filter_w, depth_multiplier,
          activation);
}
template <Is<FullyConnectedAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [activation, keep_num_dims, asymmetric_inputs] = value;
    visit(activation, keep_num_dims, asymmetric_inputs);
}
template <Is<ArithmeticAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [activation, pot_scale_int16] = value;
    visit(activation, pot_scale_int16);
}
template <Is<SoftmaxAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [beta] = value;
    visit(beta);
}
template <Is<LeakyReluAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [alpha] = value;
    visit(alpha);
}
template <Is<ReduceAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [keep_dims] = value;
    visit(keep_dims);
}
template <Is<AxisAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [axis, count, activation, batch_dims] = value;
    visit(axis, count, activation, batch_dims);
}
template <Is<ReshapeAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [new_shape] = value;
    visit(new_shape);
}
template <Is<SqueezeAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [dims] = value;
    visit(dims);
}
template <Is<StridedSliceAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [begin, end, ellipsis, new_axis, shrink] = value;
    visit(begin, end, ellipsis, new_axis, shrink);
}
template <Is<ResizeAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [align_corners, half_pixel_centers] = value;
    visit(align_corners, half_pixel_centers);
}
template <Is<BatchMatmulAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [adjoint_x, adjoint_y, asymmetric_inputs] = value;
    visit(adjoint_x, adjoint_y, asymmetric_inputs);
}
template <Is<LstmAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [activation, cell_clip, projection_clip, time_major, asymmetric_inputs] = value;
    visit(activation, cell_clip, projection_clip, time_major, asymmetric_inputs);
}
template <Is<GeluAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [approximate] = value;
    visit(approximate);
}
template <Is<BlockAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [block_size] = value;
    visit(block_size);
}
template <Is<SvdfAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [rank, activation, asymmetric_inputs] = value;
    visit(rank, activation, asymmetric_inputs);
}
template <Is<CumsumAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [exclusive, reverse] = value;
    visit(exclusive, reverse);
}
template <Is<LocalResponseAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [radius, bias, alpha, beta] = value;
    visit(radius, bias, alpha, beta);
}
template <Is<ReverseSequenceAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [sequence_axis, batch_axis] = value;
    visit(sequence_axis, batch_axis);
}
template <Is<NormalizationAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [activation] = value;
    visit(activation);
}
template <Is<VariableAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [container, name] = value;
    visit(container, name);
}
template <Is<SubgraphAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [subgraphs] = value;
    visit(subgraphs);
}
template <Is<MirrorPadAttributes> V>
void visit_fields(V& value, auto&& visit) {
    auto& [symmetric] = value;
    visit(symmetric);
}

}  // namespace u65sim::oracle
