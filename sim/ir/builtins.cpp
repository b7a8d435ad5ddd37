#include "ir/builtins.hpp"

#include <fmt/format.h>

#include "ir/builtin_names.hpp"
#include "ir/operator_table.hpp"

namespace u65sim::ir {

std::int32_t builtin_code(OpType type) { return info(type).builtin_code; }

OpType op_type_of_builtin(std::int32_t code) {
    if (code == builtin_padv2) return OpType::pad;
    for (const OperatorInfo& row : operator_table) {
        if (row.builtin_code == code && code >= 0) return row.type;
    }
    return OpType::other;
}

std::string_view builtin_name(std::int32_t code) {
    if (code < 0 || static_cast<std::size_t>(code) >= builtin_names.size()) return {};
    return builtin_names[static_cast<std::size_t>(code)];
}

std::string kind_name(const Operator& op) {
    if (op.type == OpType::custom) return fmt::format("CUSTOM:{}", op.custom_code);
    if (op.type != OpType::other) return std::string{to_string(op.type)};
    const std::string_view name = builtin_name(op.builtin_code);
    return name.empty() ? fmt::format("BUILTIN_{}", op.builtin_code) : std::string{name};
}

}  // namespace u65sim::ir
