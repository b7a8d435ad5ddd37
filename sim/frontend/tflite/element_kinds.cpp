#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "frontend/tflite/options.hpp"

namespace u65sim::frontend {

schema::ElementKind element_kind(ElementType type, std::string_view place) {
    switch (type) {
        case ElementType::int8:
            return schema::ElementKind::int8;
        case ElementType::uint8:
            return schema::ElementKind::uint8;
        case ElementType::int16:
            return schema::ElementKind::int16;
        case ElementType::uint16:
            return schema::ElementKind::uint16;
        case ElementType::int32:
            return schema::ElementKind::int32;
        case ElementType::int64:
            return schema::ElementKind::int64;
        case ElementType::float32:
            return schema::ElementKind::float32;
        case ElementType::boolean:
            return schema::ElementKind::boolean;
        case ElementType::other:
            break;
    }
    throw InvalidModel(
        fmt::format("'{}': an element type without a name of its own cannot be written", place));
}

ElementType element_type(schema::ElementKind kind) {
    switch (kind) {
        case schema::ElementKind::int8:
            return ElementType::int8;
        case schema::ElementKind::uint8:
            return ElementType::uint8;
        case schema::ElementKind::int16:
            return ElementType::int16;
        case schema::ElementKind::uint16:
            return ElementType::uint16;
        case schema::ElementKind::int32:
            return ElementType::int32;
        case schema::ElementKind::int64:
            return ElementType::int64;
        case schema::ElementKind::float32:
            return ElementType::float32;
        case schema::ElementKind::boolean:
            return ElementType::boolean;
        default:
            return ElementType::other;
    }
}

}  // namespace u65sim::frontend
