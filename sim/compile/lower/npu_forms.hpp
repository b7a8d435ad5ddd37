// Which operators have a form on the NPU: the rule that decides whether one operator may take it,
// and the lowering that makes it. Each rule stands beside its lowering.
#pragma once

#include <string>

#include <u65sim/graph.hpp>

#include "ir/per_operator.hpp"

namespace u65sim::compiler {

class Candidate;
class Lowering;

/// Why the NPU does not take an operator; empty when it does.
using SupportRule = std::string (*)(const Candidate& candidate);
using LoweringRule = void (*)(Lowering& lowering);

struct NpuForm {
    SupportRule support = nullptr;
    LoweringRule lower = nullptr;
    /// Ends in one operation whose output stage can take an activation.
    bool takes_activation = false;
    /// The result is the operand's own bytes, or a part of them: no operation makes it.
    bool in_place = false;
    /// Reads its operand under another extent.
    bool reads_reshaped = false;
    bool takes_int32 = false;
    /// Takes maps of more than four dimensions: those in front are rows below each other.
    bool takes_any_rank = false;
    /// The same, where Vela takes four dimensions.
    bool takes_rows = false;
    /// The result holds positions, which have no scale.
    bool makes_positions = false;
};

/// For operators that only the CPU runs.
inline constexpr NpuForm not_on_npu{};

// Convolutions, FULLY_CONNECTED, products of two maps, and pools.
std::string support_convolution(const Candidate& candidate);
void lower_convolution(Lowering& lowering);
std::string support_transpose_convolution(const Candidate& candidate);
void lower_transpose_convolution(Lowering& lowering);
std::string support_fully_connected(const Candidate& candidate);
void lower_fully_connected(Lowering& lowering);
std::string support_batch_matmul(const Candidate& candidate);
void lower_batch_matmul(Lowering& lowering);
std::string support_pool(const Candidate& candidate);
void lower_pool(Lowering& lowering);

// Reductions. MEAN and SUM are sums.
std::string support_sum(const Candidate& candidate);
void lower_sum(Lowering& lowering);
std::string support_reduce_max(const Candidate& candidate);
void lower_reduce_max(Lowering& lowering);
std::string support_reduce_min(const Candidate& candidate);
void lower_reduce_min(Lowering& lowering);
std::string support_arg_max(const Candidate& candidate);
void lower_arg_max(Lowering& lowering);

// Two operands. ADD, SUB and MUL share a rule, MINIMUM and MAXIMUM another one.
std::string support_binary(const Candidate& candidate);
void lower_add(Lowering& lowering);
void lower_sub(Lowering& lowering);
void lower_mul(Lowering& lowering);
std::string support_extremum(const Candidate& candidate);
void lower_minimum(Lowering& lowering);
void lower_maximum(Lowering& lowering);
std::string support_squared_difference(const Candidate& candidate);
void lower_squared_difference(Lowering& lowering);
std::string support_prelu(const Candidate& candidate);
void lower_prelu(Lowering& lowering);

// One operand. Curves are look-up tables; some have none on 16 bits.
std::string support_abs(const Candidate& candidate);
void lower_abs(Lowering& lowering);
std::string support_neg(const Candidate& candidate);
void lower_neg(Lowering& lowering);
std::string support_clamp(const Candidate& candidate);
void lower_clamp(Lowering& lowering);
std::string support_quantize(const Candidate& candidate);
void lower_quantize(Lowering& lowering);
std::string support_curve(const Candidate& candidate);
std::string support_curve8(const Candidate& candidate);
void lower_curve(Lowering& lowering);
std::string support_rsqrt(const Candidate& candidate);
std::string support_leaky_relu(const Candidate& candidate);
void lower_leaky_relu(Lowering& lowering);
void lower_logistic(Lowering& lowering);
void lower_tanh(Lowering& lowering);
std::string support_softmax(const Candidate& candidate);
void lower_softmax(Lowering& lowering);
void lower_softmax_16(Lowering& lowering);

// Operators that move data.
std::string support_concatenation(const Candidate& candidate);
void lower_concatenation(Lowering& lowering);
std::string support_slices(const Candidate& candidate);
void lower_slices(Lowering& lowering);
std::string support_strided_slice(const Candidate& candidate);
void lower_strided_slice(Lowering& lowering);
std::string support_reshape(const Candidate& candidate);
void lower_reshape(Lowering& lowering);
std::string support_transpose(const Candidate& candidate);
void lower_transpose(Lowering& lowering);
std::string support_pad(const Candidate& candidate);
void lower_pad(Lowering& lowering);
std::string support_rearranged(const Candidate& candidate);
void lower_rearranged(Lowering& lowering);
std::string support_resize(const Candidate& candidate);
void lower_resize(Lowering& lowering);

namespace forms {

inline constexpr NpuForm convolution{
    .support = support_convolution, .lower = lower_convolution, .takes_activation = true};
inline constexpr NpuForm pool{
    .support = support_pool, .lower = lower_pool, .takes_activation = true};
inline constexpr NpuForm sum{.support = support_sum, .lower = lower_sum};
inline constexpr NpuForm clamp{.support = support_clamp, .lower = lower_clamp, .takes_rows = true};
/// Without a look-up on 16 bits.
inline constexpr NpuForm curve8{
    .support = support_curve8, .lower = lower_curve, .takes_rows = true};
inline constexpr NpuForm curve{.support = support_curve, .lower = lower_curve, .takes_rows = true};
inline constexpr NpuForm joining{.support = support_concatenation, .lower = lower_concatenation};
inline constexpr NpuForm slices{
    .support = support_slices, .lower = lower_slices, .in_place = true, .reads_reshaped = true};
inline constexpr NpuForm reshape{.support = support_reshape,
                                 .lower = lower_reshape,
                                 .in_place = true,
                                 .reads_reshaped = true,
                                 .takes_any_rank = true};
inline constexpr NpuForm rearranged{.support = support_rearranged, .lower = lower_rearranged};
inline constexpr NpuForm resize{.support = support_resize, .lower = lower_resize};

}  // namespace forms

/// The form of every operator kind, in the order of families.
inline constexpr auto npu_forms = ir::per_operator<NpuForm>({
    {OpType::conv_2d, forms::convolution},
    {OpType::depthwise_conv_2d, forms::convolution},
    {OpType::transpose_conv,
     {.support = support_transpose_convolution,
      .lower = lower_transpose_convolution,
      .takes_activation = true}},
    {OpType::fully_connected,
     {.support = support_fully_connected,
      .lower = lower_fully_connected,
      .takes_activation = true,
      .reads_reshaped = true,
      .takes_rows = true}},
    {OpType::average_pool_2d, forms::pool},
    {OpType::max_pool_2d, forms::pool},
    {OpType::mean, forms::sum},
    {OpType::sum, forms::sum},
    {OpType::reduce_max, {.support = support_reduce_max, .lower = lower_reduce_max}},
    {OpType::reduce_min, {.support = support_reduce_min, .lower = lower_reduce_min}},
    {OpType::arg_max,
     {.support = support_arg_max, .lower = lower_arg_max, .makes_positions = true}},

    {OpType::add,
     {.support = support_binary,
      .lower = lower_add,
      .takes_activation = true,
      .takes_int32 = true,
      .takes_rows = true}},
    {OpType::sub,
     {.support = support_binary,
      .lower = lower_sub,
      .takes_activation = true,
      .takes_int32 = true,
      .takes_rows = true}},
    {OpType::mul,
     {.support = support_binary,
      .lower = lower_mul,
      .takes_activation = true,
      .takes_int32 = true,
      .takes_rows = true}},
    {OpType::minimum, {.support = support_extremum, .lower = lower_minimum, .takes_rows = true}},
    {OpType::maximum, {.support = support_extremum, .lower = lower_maximum, .takes_rows = true}},
    {OpType::squared_difference,
     {.support = support_squared_difference, .lower = lower_squared_difference}},
    {OpType::prelu, {.support = support_prelu, .lower = lower_prelu}},

    {OpType::abs, {.support = support_abs, .lower = lower_abs, .takes_rows = true}},
    {OpType::neg, {.support = support_neg, .lower = lower_neg, .takes_int32 = true}},
    {OpType::relu, forms::clamp},
    {OpType::relu6, forms::clamp},
    {OpType::relu_n1_to_1, forms::clamp},
    {OpType::relu_0_to_1, forms::clamp},
    {OpType::leaky_relu,
     {.support = support_leaky_relu, .lower = lower_leaky_relu, .takes_rows = true}},
    {OpType::elu, forms::curve8},
    {OpType::logistic, {.support = support_curve, .lower = lower_logistic, .takes_rows = true}},
    {OpType::tanh, {.support = support_curve, .lower = lower_tanh, .takes_rows = true}},
    {OpType::hard_swish, forms::curve8},
    {OpType::exp, forms::curve},
    {OpType::log, forms::curve},
    {OpType::sqrt, forms::curve8},
    {OpType::rsqrt, {.support = support_rsqrt, .lower = lower_curve, .takes_rows = true}},
    {OpType::gelu, forms::curve},
    {OpType::quantize, {.support = support_quantize, .lower = lower_quantize, .takes_rows = true}},
    {OpType::softmax, {.support = support_softmax, .lower = lower_softmax, .reads_reshaped = true}},

    {OpType::concatenation, forms::joining},
    {OpType::pack,
     {.support = support_concatenation, .lower = lower_concatenation, .reads_reshaped = true}},
    {OpType::split, forms::slices},
    {OpType::split_v, forms::slices},
    {OpType::slice, forms::slices},
    {OpType::unpack, forms::slices},
    {OpType::strided_slice,
     {.support = support_strided_slice,
      .lower = lower_strided_slice,
      .in_place = true,
      .reads_reshaped = true}},
    {OpType::reshape, forms::reshape},
    {OpType::squeeze, forms::reshape},
    {OpType::expand_dims, forms::reshape},
    {OpType::transpose,
     {.support = support_transpose,
      .lower = lower_transpose,
      .reads_reshaped = true,
      .takes_int32 = true,
      .takes_any_rank = true}},
    {OpType::pad, {.support = support_pad, .lower = lower_pad}},
    {OpType::mirror_pad, forms::rearranged},
    {OpType::tile,
     {.support = support_rearranged, .lower = lower_rearranged, .takes_any_rank = true}},
    {OpType::reverse_v2, forms::rearranged},
    {OpType::space_to_depth, forms::rearranged},
    {OpType::depth_to_space, forms::rearranged},
    {OpType::resize_bilinear, forms::resize},
    {OpType::resize_nearest_neighbor, forms::resize},

    {OpType::dequantize, not_on_npu},
    {OpType::unidirectional_sequence_lstm, not_on_npu},
    {OpType::shape, not_on_npu},
    {OpType::space_to_batch_nd, not_on_npu},
    {OpType::batch_to_space_nd, not_on_npu},
    {OpType::gather, not_on_npu},
    {OpType::batch_matmul,
     {.support = support_batch_matmul, .lower = lower_batch_matmul, .reads_reshaped = true}},
    {OpType::div, not_on_npu},
    {OpType::cast, not_on_npu},
    {OpType::arg_min, not_on_npu},
    {OpType::l2_normalization, not_on_npu},
    {OpType::select, not_on_npu},
    {OpType::select_v2, not_on_npu},
    {OpType::equal, not_on_npu},
    {OpType::not_equal, not_on_npu},
    {OpType::less, not_on_npu},
    {OpType::less_equal, not_on_npu},
    {OpType::greater, not_on_npu},
    {OpType::greater_equal, not_on_npu},
    {OpType::logical_and, not_on_npu},
    {OpType::logical_or, not_on_npu},
    {OpType::logical_not, not_on_npu},
    {OpType::square, not_on_npu},
    {OpType::floor, not_on_npu},
    {OpType::ceil, not_on_npu},
    {OpType::round, not_on_npu},
    {OpType::broadcast_to, not_on_npu},
    {OpType::call_once, not_on_npu},
    {OpType::if_else, not_on_npu},
    {OpType::while_loop, not_on_npu},
    {OpType::var_handle, not_on_npu},
    {OpType::read_variable, not_on_npu},
    {OpType::assign_variable, not_on_npu},
    {OpType::svdf, not_on_npu},
    {OpType::log_softmax, not_on_npu},
    {OpType::cumsum, not_on_npu},
    {OpType::floor_div, not_on_npu},
    {OpType::floor_mod, not_on_npu},
    {OpType::pow, not_on_npu},
    {OpType::add_n, not_on_npu},
    {OpType::gather_nd, not_on_npu},
    {OpType::scatter_nd, not_on_npu},
    {OpType::embedding_lookup, not_on_npu},
    {OpType::dynamic_update_slice, not_on_npu},
    {OpType::topk_v2, not_on_npu},
    {OpType::one_hot, not_on_npu},
    {OpType::fill, not_on_npu},
    {OpType::range, not_on_npu},
    {OpType::rank, not_on_npu},
    {OpType::zeros_like, not_on_npu},
    {OpType::broadcast_args, not_on_npu},
    {OpType::sin, not_on_npu},
    {OpType::cos, not_on_npu},
    {OpType::sign, not_on_npu},
    {OpType::reduce_prod, not_on_npu},
    {OpType::reduce_any, not_on_npu},
    {OpType::reduce_all, not_on_npu},
    {OpType::l2_pool_2d, not_on_npu},
    {OpType::bitwise_xor, not_on_npu},
    {OpType::local_response_normalization, not_on_npu},
    {OpType::where, not_on_npu},
    {OpType::reverse_sequence, not_on_npu},
    {OpType::non_max_suppression_v4, not_on_npu},
    {OpType::non_max_suppression_v5, not_on_npu},
    {OpType::densify, not_on_npu},
    {OpType::custom, not_on_npu},
    {OpType::other, not_on_npu},
});

}  // namespace u65sim::compiler
