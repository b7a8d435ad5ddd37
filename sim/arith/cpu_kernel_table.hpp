// The reference kernels of the CPU and the operator kinds they compute.
#pragma once

#include <functional>

#include "arith/cpu_operands.hpp"
#include "ir/per_operator.hpp"

namespace u65sim::arith {

CpuResults cpu_reshape(const CpuCall& call);
CpuResults cpu_transpose(const CpuCall& call);
CpuResults cpu_pad(const CpuCall& call);
CpuResults cpu_concatenation(const CpuCall& call);
CpuResults cpu_pack(const CpuCall& call);
CpuResults cpu_split(const CpuCall& call);
CpuResults cpu_slice(const CpuCall& call);
CpuResults cpu_strided_slice(const CpuCall& call);
CpuResults cpu_gather(const CpuCall& call);
CpuResults cpu_space_to_batch(const CpuCall& call);
CpuResults cpu_quantize(const CpuCall& call);
CpuResults cpu_dequantize(const CpuCall& call);
CpuResults cpu_cast(const CpuCall& call);
CpuResults cpu_softmax(const CpuCall& call);
/// ARG_MAX and ARG_MIN.
CpuResults cpu_arg_max(const CpuCall& call);
CpuResults cpu_binary(const CpuCall& call);
CpuResults cpu_unary(const CpuCall& call);
CpuResults cpu_convolution(const CpuCall& call);
CpuResults cpu_transpose_convolution(const CpuCall& call);
CpuResults cpu_fully_connected(const CpuCall& call);
CpuResults cpu_batch_matmul(const CpuCall& call);
CpuResults cpu_pool(const CpuCall& call);
CpuResults cpu_mean(const CpuCall& call);
/// REDUCE_MAX and REDUCE_MIN.
CpuResults cpu_reduce_max(const CpuCall& call);
CpuResults cpu_sum(const CpuCall& call);
CpuResults cpu_tile(const CpuCall& call);
CpuResults cpu_reverse(const CpuCall& call);
CpuResults cpu_space_to_depth(const CpuCall& call);
CpuResults cpu_broadcast_to(const CpuCall& call);
/// Two operands that broadcast; `Holds` compares their elements, e.g. std::less<>.
template <class Holds>
CpuResults cpu_comparison(const CpuCall& call);
CpuResults cpu_logical(const CpuCall& call);
CpuResults cpu_bitwise_xor(const CpuCall& call);
CpuResults cpu_select(const CpuCall& call);
CpuResults cpu_l2_normalization(const CpuCall& call);
CpuResults cpu_shape(const CpuCall& call);
CpuResults cpu_log_softmax(const CpuCall& call);
/// Output, then the new state.
CpuResults cpu_svdf(const CpuCall& call);
CpuResults cpu_local_response_normalization(const CpuCall& call);
CpuResults cpu_reverse_sequence(const CpuCall& call);
/// Places of elements that are not zero.
CpuResults cpu_where(const CpuCall& call);
/// NON_MAX_SUPPRESSION_V4 and V5: indices, scores (V5), their number.
CpuResults cpu_non_max_suppression(const CpuCall& call);
CpuResults cpu_gather_nd(const CpuCall& call);
CpuResults cpu_scatter_nd(const CpuCall& call);
CpuResults cpu_embedding_lookup(const CpuCall& call);
CpuResults cpu_dynamic_update_slice(const CpuCall& call);
/// Values, then their positions.
CpuResults cpu_topk(const CpuCall& call);
CpuResults cpu_one_hot(const CpuCall& call);
CpuResults cpu_fill(const CpuCall& call);
CpuResults cpu_range(const CpuCall& call);
CpuResults cpu_zeros_like(const CpuCall& call);
CpuResults cpu_rank(const CpuCall& call);
CpuResults cpu_broadcast_args(const CpuCall& call);
/// FLOOR_DIV, FLOOR_MOD and POW.
CpuResults cpu_number_pair(const CpuCall& call);
CpuResults cpu_cumsum(const CpuCall& call);
CpuResults cpu_add_n(const CpuCall& call);
CpuResults cpu_l2_pool(const CpuCall& call);
/// REDUCE_ANY and REDUCE_ALL.
CpuResults cpu_reduce_logical(const CpuCall& call);
CpuResults cpu_reduce_prod(const CpuCall& call);
/// ExecuTorch's quantize_per_tensor, to a range within the type's.
CpuResults cpu_quantize_within(const CpuCall& call);
/// ExecuTorch's aten::avg_pool2d.out: extents N, C, H, W or C, H, W.
CpuResults cpu_aten_average_pool(const CpuCall& call);
/// ExecuTorch's aten::sort.values and sort.values_stable: values, then their positions.
CpuResults cpu_aten_sort(const CpuCall& call);
/// Custom operators by their names: TFLite_Detection_PostProcess and those of ExecuTorch above.
CpuResults cpu_custom(const CpuCall& call);
CpuResults cpu_detection(const CpuCall& call);
/// Output, then the new output and cell states.
CpuResults cpu_lstm(const CpuCall& call);
CpuResults cpu_resize(const CpuCall& call);
CpuResults cpu_quantised_binary(const CpuCall& call);
CpuResults cpu_leaky_relu16(const CpuCall& call);

using CpuKernel = CpuResults (*)(const CpuCall& call);

/// For operators that no kernel computes. Those that run subgraphs or keep variables are the
/// interpreter's.
inline constexpr CpuKernel not_on_cpu = nullptr;

/// The kernel of every operator kind, in the order of OpType.
inline constexpr auto cpu_kernels = ir::per_operator<CpuKernel>({
    {OpType::conv_2d, cpu_convolution},
    {OpType::depthwise_conv_2d, cpu_convolution},
    {OpType::transpose_conv, cpu_transpose_convolution},
    {OpType::fully_connected, cpu_fully_connected},
    {OpType::average_pool_2d, cpu_pool},
    {OpType::max_pool_2d, cpu_pool},
    {OpType::mean, cpu_mean},
    {OpType::sum, cpu_sum},
    {OpType::reduce_max, cpu_reduce_max},
    {OpType::reduce_min, cpu_reduce_max},
    {OpType::arg_max, cpu_arg_max},
    {OpType::add, cpu_binary},
    {OpType::sub, cpu_binary},
    {OpType::mul, cpu_binary},
    {OpType::minimum, cpu_binary},
    {OpType::maximum, cpu_binary},
    {OpType::abs, cpu_unary},
    {OpType::neg, cpu_unary},
    {OpType::squared_difference, cpu_binary},
    {OpType::prelu, cpu_binary},
    {OpType::leaky_relu, cpu_unary},
    {OpType::relu, cpu_unary},
    {OpType::relu6, cpu_unary},
    {OpType::relu_n1_to_1, cpu_unary},
    {OpType::relu_0_to_1, cpu_unary},
    {OpType::elu, cpu_unary},
    {OpType::logistic, cpu_unary},
    {OpType::tanh, cpu_unary},
    {OpType::hard_swish, cpu_unary},
    {OpType::exp, cpu_unary},
    {OpType::log, cpu_unary},
    {OpType::sqrt, cpu_unary},
    {OpType::rsqrt, cpu_unary},
    {OpType::gelu, cpu_unary},
    {OpType::softmax, cpu_softmax},
    {OpType::quantize, cpu_quantize},
    {OpType::dequantize, cpu_dequantize},
    {OpType::concatenation, cpu_concatenation},
    {OpType::pack, cpu_pack},
    {OpType::split, cpu_split},
    {OpType::split_v, cpu_split},
    {OpType::slice, cpu_slice},
    {OpType::strided_slice, cpu_strided_slice},
    {OpType::unpack, cpu_split},
    {OpType::reshape, cpu_reshape},
    {OpType::squeeze, cpu_reshape},
    {OpType::expand_dims, cpu_reshape},
    {OpType::transpose, cpu_transpose},
    {OpType::pad, cpu_pad},
    {OpType::mirror_pad, cpu_pad},
    {OpType::tile, cpu_tile},
    {OpType::reverse_v2, cpu_reverse},
    {OpType::space_to_depth, cpu_space_to_depth},
    {OpType::depth_to_space, cpu_space_to_depth},
    {OpType::resize_bilinear, cpu_resize},
    {OpType::resize_nearest_neighbor, cpu_resize},
    {OpType::unidirectional_sequence_lstm, cpu_lstm},
    {OpType::shape, cpu_shape},
    {OpType::space_to_batch_nd, cpu_space_to_batch},
    {OpType::batch_to_space_nd, cpu_space_to_batch},
    {OpType::gather, cpu_gather},
    {OpType::batch_matmul, cpu_batch_matmul},
    {OpType::div, cpu_binary},
    {OpType::cast, cpu_cast},
    {OpType::arg_min, cpu_arg_max},
    {OpType::l2_normalization, cpu_l2_normalization},
    {OpType::select, cpu_select},
    {OpType::select_v2, cpu_select},
    {OpType::equal, cpu_comparison<std::equal_to<>>},
    {OpType::not_equal, cpu_comparison<std::not_equal_to<>>},
    {OpType::less, cpu_comparison<std::less<>>},
    {OpType::less_equal, cpu_comparison<std::less_equal<>>},
    {OpType::greater, cpu_comparison<std::greater<>>},
    {OpType::greater_equal, cpu_comparison<std::greater_equal<>>},
    {OpType::logical_and, cpu_logical},
    {OpType::logical_or, cpu_logical},
    {OpType::logical_not, cpu_logical},
    {OpType::square, cpu_unary},
    {OpType::floor, cpu_unary},
    {OpType::ceil, cpu_unary},
    {OpType::round, cpu_unary},
    {OpType::broadcast_to, cpu_broadcast_to},
    {OpType::call_once, not_on_cpu},
    {OpType::if_else, not_on_cpu},
    {OpType::while_loop, not_on_cpu},
    {OpType::var_handle, not_on_cpu},
    {OpType::read_variable, not_on_cpu},
    {OpType::assign_variable, not_on_cpu},
    {OpType::svdf, cpu_svdf},
    {OpType::log_softmax, cpu_log_softmax},
    {OpType::cumsum, cpu_cumsum},
    {OpType::floor_div, cpu_number_pair},
    {OpType::floor_mod, cpu_number_pair},
    {OpType::pow, cpu_number_pair},
    {OpType::add_n, cpu_add_n},
    {OpType::gather_nd, cpu_gather_nd},
    {OpType::scatter_nd, cpu_scatter_nd},
    {OpType::embedding_lookup, cpu_embedding_lookup},
    {OpType::dynamic_update_slice, cpu_dynamic_update_slice},
    {OpType::topk_v2, cpu_topk},
    {OpType::one_hot, cpu_one_hot},
    {OpType::fill, cpu_fill},
    {OpType::range, cpu_range},
    {OpType::rank, cpu_rank},
    {OpType::zeros_like, cpu_zeros_like},
    {OpType::broadcast_args, cpu_broadcast_args},
    {OpType::sin, cpu_unary},
    {OpType::cos, cpu_unary},
    {OpType::sign, cpu_unary},
    {OpType::reduce_prod, cpu_reduce_prod},
    {OpType::reduce_any, cpu_reduce_logical},
    {OpType::reduce_all, cpu_reduce_logical},
    {OpType::l2_pool_2d, cpu_l2_pool},
    {OpType::bitwise_xor, cpu_bitwise_xor},
    {OpType::local_response_normalization, cpu_local_response_normalization},
    {OpType::where, cpu_where},
    {OpType::reverse_sequence, cpu_reverse_sequence},
    {OpType::non_max_suppression_v4, cpu_non_max_suppression},
    {OpType::non_max_suppression_v5, cpu_non_max_suppression},
    {OpType::densify, cpu_reshape},  // readers make sparse constants dense
    {OpType::custom, cpu_custom},
    {OpType::other, not_on_cpu},
});

}  // namespace u65sim::arith
