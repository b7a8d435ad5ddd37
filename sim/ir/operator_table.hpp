// One row an operator kind: everything about it that is data. Included where a table is checked
// against it; all others ask info().
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <variant>

#include "ir/builtin_names.hpp"
#include "ir/operator_info.hpp"
#include "ir/shape_rules.hpp"

namespace u65sim::ir {

/// Index of an alternative of Attributes.
template <class Kind, std::size_t Index = 0>
consteval std::size_t attribute_index() {
    if constexpr (std::is_same_v<std::variant_alternative_t<Index, Attributes>, Kind>) {
        return Index;
    } else {
        return attribute_index<Kind, Index + 1>();
    }
}
template <class Kind>
inline constexpr std::size_t kind = attribute_index<Kind>();
inline constexpr std::size_t no_attributes = kind<std::monostate>;

/// A rule that gives one shape, or one that may be unknown, or a list of these.
template <auto Rule>
MaybeShapes rule(const Operands& operands) {
    if constexpr (std::is_same_v<decltype(Rule(operands)), MaybeShapes>) {
        return Rule(operands);
    } else {
        return MaybeShapes{Rule(operands)};
    }
}

/// The rows with their builtin numbers. Does not compile unless each kind has one row, in the order
/// of OpType, with a shape rule and a name that TensorFlow Lite knows.
template <std::size_t Count>
consteval std::array<OperatorInfo, Count> numbered(std::array<OperatorInfo, Count> rows) {
    static_assert(Count == op_type_count, "each operator kind has one row");
    for (std::size_t position = 0; position < Count; ++position) {
        OperatorInfo& row = rows.at(position);
        if (row.type != static_cast<OpType>(position)) throw "the rows are not in OpType's order";
        row.builtin_code = builtin_number(row.name);
        if ((row.builtin_code < 0) != (row.type == OpType::other)) throw "a name is no builtin's";
        if ((row.clamp != Activation::none) != (row.family == Family::clamp)) {
            throw "a clamp has no range, or another operator has one";
        }
    }
    return rows;
}

namespace rows {

using enum Family;
using enum MacRule;

// type, name, family, arity, attributes, shapes, operands, versions, macs, clamp
inline constexpr std::array<OperatorInfo, op_type_count> operators{{
    // clang-format off
    {OpType::conv_2d, "CONV_2D", convolution, {2, 3, 1, 2}, kind<WindowAttributes>,
     rule<shapes::convolution>, {.weights = 1, .bias = 2}, {3, 4}, filter_and_depth},
    {OpType::depthwise_conv_2d, "DEPTHWISE_CONV_2D", convolution, {2, 3, 1, 2},
     kind<WindowAttributes>, rule<shapes::depthwise>, {.weights = 1, .bias = 2}, {3, 5},
     filter},
    {OpType::transpose_conv, "TRANSPOSE_CONV", convolution, {3, 4, 1, 3},
     kind<WindowAttributes>, rule<shapes::transposed_convolution>,
     {.map = 2, .weights = 1, .bias = 3}, {2, 3}, spread_filter},
    {OpType::fully_connected, "FULLY_CONNECTED", convolution, {2, 3, 1, 2},
     kind<FullyConnectedAttributes>, rule<shapes::fully_connected>, {.weights = 1, .bias = 2},
     {4, 7}, row},
    {OpType::average_pool_2d, "AVERAGE_POOL_2D", pool, {1, 1, 1, 1}, kind<WindowAttributes>,
     rule<shapes::pool>, {}, {2, 3}, window},
    {OpType::max_pool_2d, "MAX_POOL_2D", pool, {1, 1, 1, 1}, kind<WindowAttributes>,
     rule<shapes::pool>, {}, {2, 3}, window},
    {OpType::mean, "MEAN", reduction, {2, 2, 1, 2}, kind<ReduceAttributes>,
     rule<shapes::reduction>, {}, {2, 3}, elements},
    {OpType::sum, "SUM", reduction, {2, 2, 1, 2}, kind<ReduceAttributes>,
     rule<shapes::reduction>},
    {OpType::reduce_max, "REDUCE_MAX", reduction, {2, 2, 1, 2}, kind<ReduceAttributes>,
     rule<shapes::reduction>, {}, {2, 3}},
    {OpType::reduce_min, "REDUCE_MIN", reduction, {2, 2, 1, 2}, kind<ReduceAttributes>,
     rule<shapes::reduction>},
    {OpType::arg_max, "ARG_MAX", selection, {2, 2, 1, 2}, kind<AxisAttributes>,
     rule<shapes::arg_max>, {.axis = 1}},
    {OpType::add, "ADD", arithmetic, {2, 2, 1, 2}, kind<ArithmeticAttributes>,
     rule<shapes::broadcast_pair>, {.maps = 2}, {2, 4}},
    {OpType::sub, "SUB", arithmetic, {2, 2, 1, 2}, kind<ArithmeticAttributes>,
     rule<shapes::broadcast_pair>, {.maps = 2}, {2, 5}},
    {OpType::mul, "MUL", arithmetic, {2, 2, 1, 2}, kind<ArithmeticAttributes>,
     rule<shapes::broadcast_pair>, {.maps = 2}, {2, 4}},
    {OpType::minimum, "MINIMUM", arithmetic, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>, {.maps = 2}, {2, 3}},
    {OpType::maximum, "MAXIMUM", arithmetic, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>, {.maps = 2}, {2, 3}},
    {OpType::abs, "ABS", pointwise, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>, {}, {2, 2}},
    {OpType::neg, "NEG", pointwise, {1, 1, 1, 1}, no_attributes, rule<shapes::like_operand>},
    {OpType::squared_difference, "SQUARED_DIFFERENCE", arithmetic, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>, {.maps = 2}},
    {OpType::prelu, "PRELU", arithmetic, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>, {.maps = 2, .weights = 1}},
    {OpType::leaky_relu, "LEAKY_RELU", curve, {1, 1, 1, 1}, kind<LeakyReluAttributes>,
     rule<shapes::like_operand>, {}, {2, 2}},
    {OpType::relu, "RELU", clamp, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>, {}, {2, 2}, none, Activation::relu},
    {OpType::relu6, "RELU6", clamp, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>, {}, {2, 2}, none, Activation::relu6},
    {OpType::relu_n1_to_1, "RELU_N1_TO_1", clamp, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>, {}, {}, none, Activation::relu_n1_to_1},
    {OpType::relu_0_to_1, "RELU_0_TO_1", clamp, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>, {}, {}, none, Activation::relu_0_to_1},
    {OpType::elu, "ELU", curve, {1, 1, 1, 1}, no_attributes, rule<shapes::like_operand>},
    {OpType::logistic, "LOGISTIC", curve, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>, {}, {2, 3}},
    {OpType::tanh, "TANH", curve, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>, {}, {2, 3}},
    {OpType::hard_swish, "HARD_SWISH", curve, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>},
    {OpType::exp, "EXP", curve, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>, {}, {2, 2}},
    {OpType::log, "LOG", curve, {1, 1, 1, 1}, no_attributes, rule<shapes::like_operand>},
    {OpType::sqrt, "SQRT", curve, {1, 1, 1, 1}, no_attributes, rule<shapes::like_operand>},
    {OpType::rsqrt, "RSQRT", curve, {1, 1, 1, 1}, no_attributes, rule<shapes::like_operand>},
    {OpType::gelu, "GELU", curve, {1, 1, 1, 1}, kind<GeluAttributes>,
     rule<shapes::like_operand>},
    {OpType::softmax, "SOFTMAX", normalization, {1, 1, 1, 1}, kind<SoftmaxAttributes>,
     rule<shapes::like_ranked_operand>, {}, {2, 3}},
    {OpType::quantize, "QUANTIZE", pointwise, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>, {}, {2, 1}},
    {OpType::dequantize, "DEQUANTIZE", pointwise, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>},
    {OpType::concatenation, "CONCATENATION", joining, {1, any_number, 1, 1},
     kind<AxisAttributes>, rule<shapes::concatenation>, {.maps = any_number}, {2, 3}},
    {OpType::pack, "PACK", joining, {1, any_number, 1, 1}, kind<AxisAttributes>,
     rule<shapes::pack>, {.maps = any_number}},
    {OpType::split, "SPLIT", part, {2, 2, any_number, 2}, kind<AxisAttributes>,
     rule<shapes::split>, {.map = 1, .axis = 0}, {2, 4}},
    {OpType::split_v, "SPLIT_V", part, {3, 3, any_number, 3}, kind<AxisAttributes>,
     rule<shapes::split_v>, {.axis = 2}, {2, 4}},
    {OpType::slice, "SLICE", part, {3, 3, 1, 3}, no_attributes,
     rule<shapes::slice>, {}, {2, 4}},
    {OpType::strided_slice, "STRIDED_SLICE", part, {4, 4, 1, 4}, kind<StridedSliceAttributes>,
     rule<shapes::strided_slice>, {}, {2, 4}},
    {OpType::unpack, "UNPACK", part, {1, 1, any_number, 1}, kind<AxisAttributes>,
     rule<shapes::unpack>},
    {OpType::reshape, "RESHAPE", reshape, {1, 2, 1, 1}, kind<ReshapeAttributes>,
     rule<shapes::reshape>},
    {OpType::squeeze, "SQUEEZE", reshape, {1, 1, 1, 1}, kind<SqueezeAttributes>,
     rule<shapes::squeeze>},
    {OpType::expand_dims, "EXPAND_DIMS", reshape, {2, 2, 1, 2}, no_attributes,
     rule<shapes::expand_dims>},
    {OpType::transpose, "TRANSPOSE", movement, {2, 2, 1, 2}, no_attributes,
     rule<shapes::transpose>, {}, {2, 5}},
    {OpType::pad, "PAD", movement, {2, 3, 1, 2}, no_attributes, rule<shapes::pad>, {}, {2, 4}},
    {OpType::mirror_pad, "MIRROR_PAD", movement, {2, 2, 1, 2}, kind<MirrorPadAttributes>,
     rule<shapes::pad>},
    {OpType::tile, "TILE", movement, {2, 2, 1, 2}, no_attributes, rule<shapes::tile>},
    {OpType::reverse_v2, "REVERSE_V2", movement, {2, 2, 1, 2}, no_attributes,
     rule<shapes::like_operand>},
    {OpType::space_to_depth, "SPACE_TO_DEPTH", movement, {1, 1, 1, 1}, kind<BlockAttributes>,
     rule<shapes::space_to_depth>},
    {OpType::depth_to_space, "DEPTH_TO_SPACE", movement, {1, 1, 1, 1}, kind<BlockAttributes>,
     rule<shapes::depth_to_space>},
    {OpType::resize_bilinear, "RESIZE_BILINEAR", resize, {2, 2, 1, 2}, kind<ResizeAttributes>,
     rule<shapes::resize>, {}, {2, 3}},
    {OpType::resize_nearest_neighbor, "RESIZE_NEAREST_NEIGHBOR", resize, {2, 2, 1, 2},
     kind<ResizeAttributes>, rule<shapes::resize>, {}, {2, 3}},
    {OpType::unidirectional_sequence_lstm, "UNIDIRECTIONAL_SEQUENCE_LSTM", recurrent,
     {20, 24, 1, 1}, kind<LstmAttributes>, rule<shapes::lstm>, {.weights = 1}},
    {OpType::shape, "SHAPE", generation, {1, 1, 1, 1}, no_attributes, rule<shapes::extents>},
    {OpType::space_to_batch_nd, "SPACE_TO_BATCH_ND", movement, {3, 3, 1, 3}, no_attributes,
     rule<shapes::space_to_batch>},
    {OpType::batch_to_space_nd, "BATCH_TO_SPACE_ND", movement, {3, 3, 1, 3}, no_attributes,
     rule<shapes::batch_to_space>},
    {OpType::gather, "GATHER", selection, {2, 2, 1, 2}, kind<AxisAttributes>,
     rule<shapes::gather>},
    {OpType::batch_matmul, "BATCH_MATMUL", product, {2, 2, 1, 2}, kind<BatchMatmulAttributes>,
     rule<shapes::matrix_product>, {.maps = 2, .weights = 1}},
    {OpType::div, "DIV", arithmetic, {2, 2, 1, 2}, kind<ArithmeticAttributes>,
     rule<shapes::broadcast_pair>, {.maps = 2}},
    {OpType::cast, "CAST", pointwise, {1, 1, 1, 1}, no_attributes, rule<shapes::like_operand>},
    {OpType::arg_min, "ARG_MIN", selection, {2, 2, 1, 2}, kind<AxisAttributes>,
     rule<shapes::arg_max>, {.axis = 1}},
    {OpType::l2_normalization, "L2_NORMALIZATION", normalization, {1, 1, 1, 1},
     kind<NormalizationAttributes>, rule<shapes::like_ranked_operand>},
    {OpType::select, "SELECT", selection, {3, 3, 1, 3}, no_attributes, rule<shapes::select>},
    {OpType::select_v2, "SELECT_V2", selection, {3, 3, 1, 3}, no_attributes,
     rule<shapes::select_v2>},
    {OpType::equal, "EQUAL", comparison, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>},
    {OpType::not_equal, "NOT_EQUAL", comparison, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>},
    {OpType::less, "LESS", comparison, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>},
    {OpType::less_equal, "LESS_EQUAL", comparison, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>},
    {OpType::greater, "GREATER", comparison, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>},
    {OpType::greater_equal, "GREATER_EQUAL", comparison, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>},
    {OpType::logical_and, "LOGICAL_AND", broadcast, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>},
    {OpType::logical_or, "LOGICAL_OR", broadcast, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>},
    {OpType::logical_not, "LOGICAL_NOT", pointwise, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>},
    {OpType::square, "SQUARE", pointwise, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>},
    {OpType::floor, "FLOOR", pointwise, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>},
    {OpType::ceil, "CEIL", pointwise, {1, 1, 1, 1}, no_attributes, rule<shapes::like_operand>},
    {OpType::round, "ROUND", pointwise, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>},
    {OpType::broadcast_to, "BROADCAST_TO", movement, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_to>},
    {OpType::call_once, "CALL_ONCE", control, {0, 0, 0, 0}, kind<SubgraphAttributes>,
     rule<shapes::unknown>},
    {OpType::if_else, "IF", control, {1, any_number, any_number, 1}, kind<SubgraphAttributes>,
     rule<shapes::unknown>},
    {OpType::while_loop, "WHILE", control, {0, any_number, any_number, 0},
     kind<SubgraphAttributes>, rule<shapes::unknown>},
    {OpType::var_handle, "VAR_HANDLE", control, {0, 0, 1, 0}, kind<VariableAttributes>,
     rule<shapes::unknown>},
    {OpType::read_variable, "READ_VARIABLE", control, {1, 1, 1, 1}, no_attributes,
     rule<shapes::unknown>},
    {OpType::assign_variable, "ASSIGN_VARIABLE", control, {2, 2, 0, 2}, no_attributes,
     rule<shapes::unknown>},
    {OpType::svdf, "SVDF", recurrent, {5, 5, 1, 3}, kind<SvdfAttributes>, rule<shapes::svdf>},
    {OpType::log_softmax, "LOG_SOFTMAX", normalization, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_ranked_operand>},
    {OpType::cumsum, "CUMSUM", accumulation, {2, 2, 1, 2}, kind<CumsumAttributes>,
     rule<shapes::like_ranked_operand>},
    {OpType::floor_div, "FLOOR_DIV", broadcast, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>},
    {OpType::floor_mod, "FLOOR_MOD", broadcast, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>},
    {OpType::pow, "POW", broadcast, {2, 2, 1, 2}, no_attributes, rule<shapes::broadcast_pair>},
    {OpType::add_n, "ADD_N", accumulation, {1, any_number, 1, 1}, no_attributes,
     rule<shapes::like_ranked_operand>},
    {OpType::gather_nd, "GATHER_ND", selection, {2, 2, 1, 2}, no_attributes,
     rule<shapes::gather_nd>},
    {OpType::scatter_nd, "SCATTER_ND", selection, {3, 3, 1, 3}, no_attributes,
     rule<shapes::scatter_nd>},
    {OpType::embedding_lookup, "EMBEDDING_LOOKUP", selection, {2, 2, 1, 2}, no_attributes,
     rule<shapes::embedding_lookup>},
    {OpType::dynamic_update_slice, "DYNAMIC_UPDATE_SLICE", selection, {3, 3, 1, 3},
     no_attributes, rule<shapes::like_ranked_operand>},
    {OpType::topk_v2, "TOPK_V2", selection, {2, 2, 2, 2}, no_attributes,
     rule<shapes::topk_v2>},
    {OpType::one_hot, "ONE_HOT", selection, {4, 4, 1, 4}, kind<AxisAttributes>,
     rule<shapes::one_hot>},
    {OpType::fill, "FILL", generation, {2, 2, 1, 2}, no_attributes, rule<shapes::fill>},
    {OpType::range, "RANGE", generation, {3, 3, 1, 3}, no_attributes, rule<shapes::range>},
    {OpType::rank, "RANK", generation, {1, 1, 1, 1}, no_attributes, rule<shapes::rank>},
    {OpType::zeros_like, "ZEROS_LIKE", pointwise, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>},
    {OpType::broadcast_args, "BROADCAST_ARGS", generation, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_args>},
    {OpType::sin, "SIN", pointwise, {1, 1, 1, 1}, no_attributes, rule<shapes::like_operand>},
    {OpType::cos, "COS", pointwise, {1, 1, 1, 1}, no_attributes, rule<shapes::like_operand>},
    {OpType::sign, "SIGN", pointwise, {1, 1, 1, 1}, no_attributes, rule<shapes::like_operand>},
    {OpType::reduce_prod, "REDUCE_PROD", reduction, {2, 2, 1, 2}, kind<ReduceAttributes>,
     rule<shapes::reduction>},
    {OpType::reduce_any, "REDUCE_ANY", reduction, {2, 2, 1, 2}, kind<ReduceAttributes>,
     rule<shapes::reduction>},
    {OpType::reduce_all, "REDUCE_ALL", reduction, {2, 2, 1, 2}, kind<ReduceAttributes>,
     rule<shapes::reduction>},
    {OpType::l2_pool_2d, "L2_POOL_2D", pool, {1, 1, 1, 1}, kind<WindowAttributes>,
     rule<shapes::pool>},
    {OpType::bitwise_xor, "BITWISE_XOR", broadcast, {2, 2, 1, 2}, no_attributes,
     rule<shapes::broadcast_pair>},
    {OpType::local_response_normalization, "LOCAL_RESPONSE_NORMALIZATION", normalization,
     {1, 1, 1, 1}, kind<LocalResponseAttributes>, rule<shapes::like_ranked_operand>},
    {OpType::where, "WHERE", selection, {1, 1, 1, 1}, no_attributes, rule<shapes::unknown>},
    {OpType::reverse_sequence, "REVERSE_SEQUENCE", selection, {2, 2, 1, 2},
     kind<ReverseSequenceAttributes>, rule<shapes::like_ranked_operand>},
    {OpType::non_max_suppression_v4, "NON_MAX_SUPPRESSION_V4", selection, {5, 5, 2, 5},
     no_attributes, rule<shapes::non_max_suppression>},
    {OpType::non_max_suppression_v5, "NON_MAX_SUPPRESSION_V5", selection, {6, 6, 3, 6},
     no_attributes, rule<shapes::non_max_suppression>},
    {OpType::densify, "DENSIFY", movement, {1, 1, 1, 1}, no_attributes,
     rule<shapes::like_operand>},
    {OpType::custom, "CUSTOM", opaque, {0, any_number, any_number, 0}, no_attributes,
     rule<shapes::unknown>},
    {OpType::other, "OTHER", opaque, {0, any_number, any_number, 0}, no_attributes,
     rule<shapes::unknown>},
    // clang-format on
}};

}  // namespace rows

inline constexpr auto operator_table = numbered(rows::operators);

}  // namespace u65sim::ir
