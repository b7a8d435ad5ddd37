// Which operators are functions of one element that look-up tables sample.
#pragma once

#include <optional>

#include <u65sim/graph.hpp>

#include "arith/tables.hpp"

namespace u65sim::arith {

/// The function behind LOGISTIC, TANH, EXP, LOG, SQRT, RSQRT, ELU and GELU; empty for other
/// operators.
std::optional<Function> table_function(const Operator& op);

}  // namespace u65sim::arith
