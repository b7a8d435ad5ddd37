// TensorFlow Lite's numbering of builtin operators, and how OpType maps to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <u65sim/graph.hpp>

namespace u65sim::ir {

/// The builtin number that marks custom operators in a .tflite.
inline constexpr std::int32_t builtin_custom = 32;
/// PAD with the value to pad with as a third operand.
inline constexpr std::int32_t builtin_padv2 = 60;

/// TensorFlow Lite's number of an operator kind; -1 for `other`, whose number the operator holds.
std::int32_t builtin_code(OpType type);
/// The kind behind a builtin number; `other` for every number without a kind of its own.
OpType op_type_of_builtin(std::int32_t code);
/// TensorFlow Lite's name of a builtin number, e.g. "TOPK_V2"; empty when there is none.
std::string_view builtin_name(std::int32_t code);
/// How messages and reports call an operator's kind: "CONV_2D", "TOPK_V2", "CUSTOM:ethos-u",
/// "BUILTIN_999" for unknown numbers.
std::string kind_name(const Operator& op);

}  // namespace u65sim::ir
