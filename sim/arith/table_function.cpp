#include "arith/table_function.hpp"

#include <array>

#include "ir/operator_table.hpp"

namespace u65sim::arith {
namespace {

/// A curve's table, from a function or in its own way; one row a curve.
using Table = Table8 (*)(const Operator& op, bool is_signed, Affine in, Affine out);
struct Curve {
    OpType type = OpType::other;
    std::optional<Function> function;
    Table table = nullptr;
};

Table8 leaky_relu(const Operator& op, bool is_signed, Affine in, Affine out) {
    const auto* leaky = std::get_if<LeakyReluAttributes>(&op.attributes);
    return leaky_relu_table8(is_signed, in, out, leaky != nullptr ? leaky->alpha : 0.0F);
}

Table8 hard_swish(const Operator&, bool is_signed, Affine in, Affine out) {
    return hard_swish_table8(is_signed, in, out);
}

Table8 rsqrt(const Operator&, bool, Affine in, Affine out) { return rsqrt_table8(in, out); }

constexpr std::array curves{
    Curve{OpType::logistic, Function::logistic},
    Curve{OpType::tanh, Function::tanh},
    Curve{OpType::exp, Function::exp},
    Curve{OpType::log, Function::log},
    Curve{OpType::sqrt, Function::sqrt},
    Curve{OpType::rsqrt, Function::rsqrt, rsqrt},
    Curve{OpType::elu, Function::elu},
    Curve{OpType::gelu, Function::gelu},
    Curve{OpType::leaky_relu, std::nullopt, leaky_relu},
    Curve{OpType::hard_swish, std::nullopt, hard_swish},
};

constexpr const Curve* curve_of(OpType type) {
    for (const Curve& curve : curves) {
        if (curve.type == type) return &curve;
    }
    return nullptr;
}

consteval bool has_all_curves() {
    for (const ir::OperatorInfo& row : ir::operator_table) {
        const bool is_curve = row.family == ir::Family::curve;
        if (is_curve != (curve_of(row.type) != nullptr)) return false;
    }
    return true;
}
static_assert(has_all_curves(), "each operator of Family::curve has a row in `curves`");

}  // namespace

std::optional<Function> table_function(const Operator& op) {
    const Curve* curve = curve_of(op.type);
    if (curve == nullptr) return std::nullopt;
    const auto* gelu = std::get_if<GeluAttributes>(&op.attributes);
    return gelu != nullptr && gelu->approximate ? Function::gelu_approximate : curve->function;
}

std::optional<Table8> curve_table8(const Operator& op, bool is_signed, Affine in, Affine out) {
    const Curve* curve = curve_of(op.type);
    if (curve == nullptr || (op.type == OpType::rsqrt && !is_signed)) return std::nullopt;
    if (curve->table != nullptr) return curve->table(op, is_signed, in, out);
    return function_table8(table_function(op).value(), is_signed, in, out);
}

}  // namespace u65sim::arith
