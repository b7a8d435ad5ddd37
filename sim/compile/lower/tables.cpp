// Look-up tables of operators as the constants hold them.
#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "arith/table_function.hpp"
#include "compile/lower/lowering.hpp"
#include "ir/builtins.hpp"

namespace u65sim::compiler {

std::vector<std::uint8_t> table_of(const Operator& op, const Tensor& input, const Tensor& output) {
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
