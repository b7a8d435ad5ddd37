#include <array>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "frontend/tflite/options.hpp"

namespace u65sim::frontend {

namespace {

struct KindRow {
    ElementType type;
    schema::ElementKind kind;
};
constexpr auto kind_rows = std::to_array<KindRow>({
    {ElementType::int8, schema::ElementKind::int8},
    {ElementType::uint8, schema::ElementKind::uint8},
    {ElementType::int16, schema::ElementKind::int16},
    {ElementType::uint16, schema::ElementKind::uint16},
    {ElementType::int32, schema::ElementKind::int32},
    {ElementType::int64, schema::ElementKind::int64},
    {ElementType::float32, schema::ElementKind::float32},
    {ElementType::boolean, schema::ElementKind::boolean},
    {ElementType::int2, schema::ElementKind::int2},
    {ElementType::int4, schema::ElementKind::int4},
    {ElementType::uint4, schema::ElementKind::uint4},
    {ElementType::uint32, schema::ElementKind::uint32},
    {ElementType::uint64, schema::ElementKind::uint64},
    {ElementType::float16, schema::ElementKind::float16},
    {ElementType::bfloat16, schema::ElementKind::bfloat16},
    {ElementType::float64, schema::ElementKind::float64},
    {ElementType::complex64, schema::ElementKind::complex64},
    {ElementType::complex128, schema::ElementKind::complex128},
    {ElementType::string, schema::ElementKind::text},
    {ElementType::resource, schema::ElementKind::resource},
    {ElementType::variant, schema::ElementKind::variant},
});

}  // namespace

schema::ElementKind element_kind(ElementType type, std::string_view place) {
    for (const KindRow& row : kind_rows) {
        if (row.type == type) return row.kind;
    }
    throw InvalidModel(
        fmt::format("'{}': an element type without a name of its own cannot be written", place));
}

ElementType element_type(schema::ElementKind kind) {
    for (const KindRow& row : kind_rows) {
        if (row.kind == kind) return row.type;
    }
    return ElementType::other;
}

}  // namespace u65sim::frontend
