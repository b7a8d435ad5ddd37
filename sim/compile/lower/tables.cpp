// Look-up tables of operators as the constants hold them.
#include <algorithm>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "arith/scaling.hpp"
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

bool has_rescaling_table(const Program& program, const Operator& op) {
    if (!ir::clamp_of(op.type)) return false;
    const Tensor& input = program.tensor(op.inputs[0]);
    return is_8_bit(input.type) && input.type == program.tensor(op.outputs[0]).type;
}

namespace {

/// What lower_clamp() makes of each value.
std::vector<std::uint8_t> rescaled_and_clamped(const Operator& op, const Tensor& input,
                                               const Tensor& output) {
    const auto in = static_cast<double>(scale(input)), out = static_cast<double>(scale(output));
    const arith::Multiplier m = arith::quantise(in / out);
    const Clamp clamp = clamp_of(*ir::clamp_of(op.type), output);
    const std::int32_t low = input.type == ElementType::int8 ? -128 : 0;
    std::vector<std::uint8_t> table;
    table.reserve(256);
    for (std::int32_t raw = low; raw < low + 256; ++raw) {
        const std::int64_t scaled = arith::round_shift(raw - zero_point(input), m.multiplier,
                                                       m.shift, arith::RoundingMode::tfl);
        table.push_back(static_cast<std::uint8_t>(
            std::clamp<std::int64_t>(scaled, std::int64_t{clamp.min} - zero_point(output),
                                     std::int64_t{clamp.max} - zero_point(output)) +
            zero_point(output)));
    }
    return table;
}

}  // namespace

std::vector<std::uint8_t> table_of(const Program& program, const Operator& op) {
    const Tensor& input = program.tensor(op.inputs[0]);
    const Tensor& output = program.tensor(op.outputs[0]);
    if (ir::clamp_of(op.type)) return rescaled_and_clamped(op, input, output);
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
