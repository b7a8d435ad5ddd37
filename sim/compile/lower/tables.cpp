// Which look-up table stands for which 8-bit operator, and how 16-bit tables are stored.
#include "arith/table_function.hpp"

#include "compile/lower/lowering.hpp"

namespace u65sim::compiler {

std::vector<std::uint8_t> table_of(const Operator& op, const Tensor& input, const Tensor& output) {
    const bool is_signed = input.type == ElementType::int8;
    const arith::Affine in{scale(input), zero_point(input)};
    const arith::Affine out{scale(output), zero_point(output)};
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
        default:
            table = arith::function_table8(
                arith::table_function(op).value_or(arith::Function::logistic), is_signed, in, out);
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
