#include "ir/operator_info.hpp"

#include <numeric>

#include "ir/operator_table.hpp"

namespace u65sim::ir {

const OperatorInfo& info(OpType type) { return operator_table.at(static_cast<std::size_t>(type)); }

std::vector<std::size_t> map_operands(const Operator& op) {
    if (op.inputs.empty()) return {};
    const OperandRoles& roles = info(op.type).operands;
    const auto count =
        roles.maps == any_number ? op.inputs.size() : static_cast<std::size_t>(roles.maps);
    std::vector<std::size_t> positions(count);
    std::iota(positions.begin(), positions.end(), static_cast<std::size_t>(roles.map));
    return positions;
}

int filter_operand(OpType type) {
    const OperatorInfo& row = info(type);
    return row.family == Family::convolution ? row.operands.weights : no_operand;
}

std::optional<Activation> clamp_of(OpType type) {
    const OperatorInfo& row = info(type);
    if (row.family != Family::clamp) return std::nullopt;
    return row.clamp;
}

bool is_pointwise(OpType type) {
    const Family family = info(type).family;
    return family == Family::pointwise || family == Family::curve || family == Family::clamp;
}

}  // namespace u65sim::ir
