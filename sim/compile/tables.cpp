// Which look-up table stands for which 8-bit operator, and how 16-bit tables are stored.
#include "arith/tables.hpp"

#include "compile/lowering.hpp"

namespace u65sim::compiler {

std::vector<std::uint8_t> table_of(const Operator& op, const Tensor& input, const Tensor& output) {
    const bool is_signed = input.type == ElementType::int8;
    const arith::Affine in{scale(input), zero_point(input)};
    const arith::Affine out{scale(output), zero_point(output)};
    const auto function = [&](arith::Function f) {
        return arith::function_table8(f, is_signed, in, out);
    };
    arith::Table8 table{};
    switch (op.type) {
        case OpType::leaky_relu: {
            const auto* leaky = std::get_if<LeakyReluAttributes>(&op.attributes);
            table = arith::leaky_relu_table8(is_signed, in, out, leaky ? leaky->alpha : 0.0F);
            break;
        }
        case OpType::hard_swish:
            table = arith::hard_swish_table8(is_signed, in, out);
            break;
        case OpType::rsqrt:
            table = arith::rsqrt_table8(in, out);
            break;
        case OpType::tanh:
            table = function(arith::Function::tanh);
            break;
        case OpType::exp:
            table = function(arith::Function::exp);
            break;
        case OpType::log:
            table = function(arith::Function::log);
            break;
        case OpType::sqrt:
            table = function(arith::Function::sqrt);
            break;
        case OpType::gelu: {
            const auto* gelu = std::get_if<GeluAttributes>(&op.attributes);
            table = function(gelu && gelu->approximate ? arith::Function::gelu_approximate
                                                       : arith::Function::gelu);
            break;
        }
        default:
            table = function(arith::Function::logistic);
            break;
    }
    return {table.begin(), table.end()};
}

std::vector<std::uint8_t> bytes_of(const std::array<std::uint32_t, 512>& table) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(4 * table.size());
    for (const std::uint32_t word : table) {
        for (int k = 0; k < 4; ++k) bytes.push_back(static_cast<std::uint8_t>(word >> (8 * k)));
    }
    return bytes;
}

}  // namespace u65sim::compiler
