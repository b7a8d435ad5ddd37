// Writes the options tables of operators; options.cpp says which operator has which.
#pragma once

#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "frontend/tflite/options.hpp"
#include "ir/builtins.hpp"

namespace u65sim::frontend {

class OptionsWriter {
public:
    OptionsWriter(flatbuffers::FlatBufferBuilder& builder, const Graph& graph, const Operator& op)
        : builder_(builder), graph_(graph), op_(op) {}

    [[nodiscard]] flatbuffers::FlatBufferBuilder& builder() const { return builder_; }
    /// The operator's attributes; throws InvalidModel when they are of another kind.
    template <class Kind>
    [[nodiscard]] const Kind& get() const {
        const auto* attributes = std::get_if<Kind>(&op_.attributes);
        if (attributes == nullptr) fail("attributes are of another kind");
        return *attributes;
    }
    [[nodiscard]] flatbuffers::Offset<flatbuffers::Vector<std::int32_t>> list(
        const std::vector<std::int32_t>& values) const {
        return builder_.CreateVector(values);
    }
    [[nodiscard]] std::int32_t subgraph(std::size_t position) const {
        const auto& numbers = get<SubgraphAttributes>().subgraphs;
        return position < numbers.size() ? numbers[position] : 0;
    }
    [[nodiscard]] schema::ElementKind operand_kind() const { return kind_of(op_.inputs); }
    [[nodiscard]] schema::ElementKind output_kind() const { return kind_of(op_.outputs); }

private:
    [[noreturn]] void fail(std::string_view reason) const {
        throw InvalidModel(
            fmt::format("operator '{}' ({}): {}", op_.name, ir::kind_name(op_), reason));
    }
    [[nodiscard]] schema::ElementKind kind_of(const std::vector<TensorId>& ids) const {
        if (ids.empty() || ids.front() < 0 ||
            static_cast<std::size_t>(ids.front()) >= graph_.tensors.size()) {
            fail("an operand is missing");
        }
        return element_kind(graph_.tensors[static_cast<std::size_t>(ids.front())].type, op_.name);
    }

    flatbuffers::FlatBufferBuilder& builder_;
    const Graph& graph_;
    const Operator& op_;
};

template <class Table>
WrittenOptions written(flatbuffers::Offset<Table> table) {
    return {schema::AnyOptionsTraits<Table>::enum_value, table.Union()};
}

inline schema::ActivationKind activation_kind(Activation activation) {
    if (activation == Activation::relu_0_to_1) {
        throw InvalidModel("activation relu_0_to_1: cannot be fused in a .tflite");
    }
    return static_cast<schema::ActivationKind>(activation);
}
inline schema::PaddingKind padding_kind(Padding padding) {
    return static_cast<schema::PaddingKind>(padding);
}

using Writer = const OptionsWriter&;

}  // namespace u65sim::frontend
