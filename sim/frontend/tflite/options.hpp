// Operator options between the file's tables and Attributes.
#pragma once

#include <string_view>

#include <tflite_schema_generated.h>

#include <u65sim/graph.hpp>

namespace u65sim::frontend {

namespace schema = u65sim::tflite_schema;

/// Attributes of an operator whose `type` is set. `place` starts the message of the InvalidModel
/// thrown for missing or foreign options and for enumeration values out of range.
Attributes read_options(const schema::OperatorTable& table, OpType type, std::string_view place);

/// An options table inside the builder, and which one it is.
struct WrittenOptions {
    schema::AnyOptions kind = schema::AnyOptions::NONE;
    flatbuffers::Offset<void> table;
};
/// Throws InvalidModel when the attributes are not of the operator's kind, or the operator is a
/// builtin whose options the graph does not hold.
WrittenOptions write_options(flatbuffers::FlatBufferBuilder& builder, const Graph& graph,
                             const Operator& op);

/// The file's number of an element type; throws InvalidModel for `other`.
schema::ElementKind element_kind(ElementType type, std::string_view place);
/// `other` for everything without a type of its own.
ElementType element_type(schema::ElementKind kind);

}  // namespace u65sim::frontend
