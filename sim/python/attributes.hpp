// Attributes of operators as JSON, each under its member's name.
#pragma once

#include <nlohmann/json.hpp>
#include <u65sim/graph.hpp>

namespace u65sim {

NLOHMANN_JSON_SERIALIZE_ENUM(Activation, {{Activation::none, "none"},
                                          {Activation::relu, "relu"},
                                          {Activation::relu_n1_to_1, "relu_n1_to_1"},
                                          {Activation::relu6, "relu6"},
                                          {Activation::tanh, "tanh"},
                                          {Activation::sign_bit, "sign_bit"},
                                          {Activation::relu_0_to_1, "relu_0_to_1"}})
NLOHMANN_JSON_SERIALIZE_ENUM(Padding, {{Padding::same, "same"}, {Padding::valid, "valid"}})

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(WindowAttributes, padding, stride_h, stride_w, dilation_h,
                                   dilation_w, filter_h, filter_w, depth_multiplier, activation)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FullyConnectedAttributes, activation, keep_num_dims,
                                   asymmetric_inputs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ArithmeticAttributes, activation, pot_scale_int16)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SoftmaxAttributes, beta)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LeakyReluAttributes, alpha)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReduceAttributes, keep_dims)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(AxisAttributes, axis, count, activation, batch_dims)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReshapeAttributes, new_shape)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SqueezeAttributes, dims)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(StridedSliceAttributes, begin_mask, end_mask, ellipsis_mask,
                                   new_axis_mask, shrink_axis_mask)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ResizeAttributes, align_corners, half_pixel_centers)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(BatchMatmulAttributes, adjoint_x, adjoint_y, asymmetric_inputs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LstmAttributes, activation, cell_clip, projection_clip,
                                   time_major, asymmetric_inputs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GeluAttributes, approximate)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MirrorPadAttributes, symmetric)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(BlockAttributes, block_size)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SvdfAttributes, rank, activation, asymmetric_inputs)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CumsumAttributes, exclusive, reverse)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LocalResponseAttributes, radius, bias, alpha, beta)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReverseSequenceAttributes, sequence_axis, batch_axis)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NormalizationAttributes, activation)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(VariableAttributes, container, name)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SubgraphAttributes, subgraphs)

}  // namespace u65sim
