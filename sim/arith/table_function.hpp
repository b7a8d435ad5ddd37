// Which operators are functions of one element that look-up tables sample.
#pragma once

#include <optional>

#include <u65sim/graph.hpp>

#include "arith/tables.hpp"

namespace u65sim::arith {

/// The function behind LOGISTIC, TANH, EXP, LOG, SQRT, RSQRT, ELU and GELU; empty for other
/// operators.
std::optional<Function> table_function(const Operator& op);

/// The table of 256 entries of a curve on int8 or uint8; empty where TensorFlow Lite has none
/// (RSQRT on uint8) and for operators that are no curves.
std::optional<Table8> curve_table8(const Operator& op, bool is_signed, Affine in, Affine out);

}  // namespace u65sim::arith
