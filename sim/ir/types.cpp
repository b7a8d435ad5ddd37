// Names and sizes of the graph's vocabulary.
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <u65sim/graph.hpp>

#include "ir/builtins.hpp"

namespace u65sim {

int element_bytes(ElementType type) {
    switch (type) {
        case ElementType::int16:
        case ElementType::uint16:
            return 2;
        case ElementType::int32:
        case ElementType::float32:
            return 4;
        case ElementType::int64:
            return 8;
        case ElementType::int8:
        case ElementType::uint8:
        case ElementType::boolean:
        case ElementType::other:
            break;
    }
    return 1;
}

std::string_view to_string(ElementType type) {
    constexpr auto names = std::to_array<std::string_view>(
        {"int8", "uint8", "int16", "uint16", "int32", "int64", "float32", "bool", "other"});
    return names.at(static_cast<std::size_t>(type));
}

std::int64_t element_count(const Shape& shape) {
    std::int64_t count = 1;
    for (const std::int32_t extent : shape) count = detail::checked_mul(count, extent);
    return count;
}

std::string to_string(const Shape& shape) {
    if (shape.empty()) return "scalar";
    return fmt::format("{}", fmt::join(shape, "x"));
}

std::string_view to_string(OpType type) {
    if (type == OpType::other) return "OTHER";
    return ir::builtin_name(ir::builtin_code(type));
}

}  // namespace u65sim
