// Look-up tables of operators as the constants hold them.
#include <algorithm>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "arith/table_function.hpp"
#include "compile/lower/lowering.hpp"
#include "compile/lower/slopes.hpp"
#include "ir/builtins.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::compiler {

namespace {

/// Whether every channel of a PRELU has the same constant slope.
bool has_one_slope(const Tensor& slope) {
    if (!slope.data || slope.data.model() != nullptr) return false;
    const auto& bytes = slope.data.bytes();
    return is_8_bit(slope.type) && std::equal(bytes.begin() + 1, bytes.end(), bytes.begin());
}

/// On 16 bits the output unit has functions of its own for LOGISTIC and TANH.
bool has_table_of_steps(const Operator& op) {
    return op.type != OpType::logistic && op.type != OpType::tanh && arith::table_function(op);
}

}  // namespace

bool has_table(const Program& program, const Operator& op) {
    const bool is_curve = ir::info(op.type).family == ir::Family::curve;
    if (!is_curve && op.type != OpType::prelu) return false;
    const Tensor& input = program.tensor(op.inputs[0]);
    if (input.type != program.tensor(op.outputs[0]).type) return false;
    if (input.type == ElementType::int16) return has_table_of_steps(op);
    return is_8_bit(input.type) && (is_curve || has_one_slope(program.tensor(op.inputs[1])));
}

std::vector<std::uint8_t> table_of(const Program& program, const Operator& op) {
    const Tensor& input = program.tensor(op.inputs[0]);
    const Tensor& output = program.tensor(op.outputs[0]);
    if (op.type == OpType::prelu) {
        const Tensor& slope = program.tensor(op.inputs[1]);
        return SlopedLines(input, slope, output).table(integers(slope).front());
    }
    if (input.type == ElementType::int16) {
        return bytes_of(arith::function_table16(*arith::table_function(op),
                                                {scale(input), zero_point(input)},
                                                {scale(output), zero_point(output)}));
    }
    const auto table =
        arith::curve_table8(op, input.type == ElementType::int8, {scale(input), zero_point(input)},
                            {scale(output), zero_point(output)});
    if (!table) {
        throw InvalidModel(
            fmt::format("{} on {} has no look-up table", ir::kind_name(op), to_string(input.type)));
    }
    return {table->begin(), table->end()};
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
