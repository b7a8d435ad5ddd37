// Names and sizes of the graph's vocabulary.
#include "ir/types.hpp"

#include <array>
#include <cmath>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ir/operator_info.hpp"

namespace u65sim {

namespace {

struct TypeRow {
    std::string_view name;
    int bits;  ///< of one element
};
// In the order of ElementType.
constexpr auto type_rows = std::to_array<TypeRow>({
    {"int8", 8},     {"uint8", 8},      {"int16", 16},       {"uint16", 16},  {"int32", 32},
    {"int64", 64},   {"float32", 32},   {"bool", 8},         {"int2", 2},     {"int4", 4},
    {"uint4", 4},    {"uint32", 32},    {"uint64", 64},      {"float16", 16}, {"bfloat16", 16},
    {"float64", 64}, {"complex64", 64}, {"complex128", 128}, {"string", 8},   {"resource", 8},
    {"variant", 8},  {"other", 8},
});
static_assert(type_rows.size() == static_cast<std::size_t>(ElementType::other) + 1);

const TypeRow& row_of(ElementType type) { return type_rows.at(static_cast<std::size_t>(type)); }

}  // namespace

int element_bytes(ElementType type) { return (row_of(type).bits + 7) / 8; }

std::string_view to_string(ElementType type) { return row_of(type).name; }

std::optional<IntegerRange> ir::value_range(ElementType type) {
    switch (type) {
        case ElementType::int8:
        case ElementType::int16:
        case ElementType::int32:
        case ElementType::int64:
            return integer_range(row_of(type).bits, true);
        case ElementType::uint8:
        case ElementType::uint16:
            return integer_range(row_of(type).bits, false);
        default:
            return std::nullopt;
    }
}

std::string ir::scale_fault(float scale, bool may_be_zero) {
    if (std::isfinite(scale) && (scale > 0.0F || (scale == 0.0F && may_be_zero))) return {};
    return fmt::format("scale is {}, must be positive and finite", scale);
}

std::int64_t stored_bytes(const Tensor& tensor) {
    const std::int64_t bits =
        detail::checked_mul(element_count(tensor.shape), row_of(tensor.type).bits);
    return bits / 8 + (bits % 8 != 0 ? 1 : 0);
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

std::string_view to_string(OpType type) { return ir::info(type).name; }

}  // namespace u65sim
