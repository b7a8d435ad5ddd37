// What the shape rules of all operators share: operands, constants, and how to complain.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/graph.hpp>

#include "ir/builtins.hpp"
#include "ir/constants.hpp"

namespace u65sim::ir {

using MaybeShapes = std::vector<std::optional<Shape>>;

/// An operator's operands as the rules see them.
class Operands {
public:
    Operands(const Graph& graph, const Operator& op) : graph_(graph), op_(op) {}

    template <class... Args>
    [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
        throw InvalidModel(fmt::format("operator '{}' ({}): {}", op_.name, kind_name(op_),
                                       fmt::format(format, std::forward<Args>(args)...)));
    }

    [[nodiscard]] const Operator& op() const { return op_; }
    [[nodiscard]] std::size_t count() const { return op_.inputs.size(); }
    [[nodiscard]] bool has(std::size_t position) const {
        return position < op_.inputs.size() && op_.inputs[position] != no_tensor;
    }
    [[nodiscard]] const Tensor& tensor(std::size_t position) const {
        if (!has(position)) fail("operand {} is missing", position);
        return graph_.tensors.at(static_cast<std::size_t>(op_.inputs[position]));
    }
    [[nodiscard]] const Shape& shape(std::size_t position) const { return tensor(position).shape; }
    /// Throws unless the operand has exactly this rank.
    [[nodiscard]] const Shape& shape(std::size_t position, std::size_t rank) const {
        const Shape& result = shape(position);
        if (result.size() != rank) {
            fail("operand {} is {}, must be of rank {}", position, to_string(result), rank);
        }
        return result;
    }
    /// Elements of a constant int32 or int64 operand.
    [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(std::size_t position) const {
        if (!has(position)) return {};
        return constant_integers(graph_, op_.inputs[position]);
    }
    /// The same with a fixed number of elements.
    [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(std::size_t position,
                                                                    std::size_t expected) const {
        auto values = integers(position);
        if (values && values->size() != expected) {
            fail("operand {} holds {} numbers, must hold {}", position, values->size(), expected);
        }
        return values;
    }
    /// An axis in -rank..rank-1 as a position.
    [[nodiscard]] std::size_t axis(std::int64_t value, std::size_t rank) const {
        const auto limit = static_cast<std::int64_t>(rank);
        if (value < -limit || value >= limit) {
            fail("axis is {}, must be between {} and {}", value, -limit, limit - 1);
        }
        return static_cast<std::size_t>(value < 0 ? value + limit : value);
    }
    [[nodiscard]] std::int32_t extent(std::int64_t value) const {
        if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) {
            fail("an output extent is {}, must be between 0 and {}", value,
                 std::numeric_limits<std::int32_t>::max());
        }
        return static_cast<std::int32_t>(value);
    }
    template <class Kind>
    [[nodiscard]] const Kind& attributes() const {
        const auto* attributes = std::get_if<Kind>(&op_.attributes);
        if (attributes == nullptr) fail("attributes are of another kind");
        return *attributes;
    }

private:
    const Graph& graph_;
    const Operator& op_;
};

/// NumPy's rule: extents agree, or one of them is 1 or missing.
Shape broadcast(const Operands& operands, const Shape& first, const Shape& second);

/// The rules of operators that only move elements; nothing for all others.
std::optional<MaybeShapes> infer_moved_shapes(const Operands& operands);

/// The rules of operators that look up, choose or make elements by numbers; nothing for all others.
std::optional<MaybeShapes> infer_indexed_shapes(const Operands& operands);

}  // namespace u65sim::ir
