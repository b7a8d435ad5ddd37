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

/// The rules that operator_table.hpp names: shapes of one result or of all, empty where they depend
/// on data. They throw InvalidModel when the operands do not go together.
namespace shapes {

/// Nothing is known of the results.
MaybeShapes unknown(const Operands& operands);
/// The shape of operand 0.
Shape like_operand(const Operands& operands);
/// The same; a scalar is refused.
Shape like_ranked_operand(const Operands& operands);
/// Operands 0 and 1 broadcast to each other.
Shape broadcast_pair(const Operands& operands);

Shape convolution(const Operands& operands);
Shape depthwise(const Operands& operands);
std::optional<Shape> transposed_convolution(const Operands& operands);
Shape fully_connected(const Operands& operands);
Shape pool(const Operands& operands);

std::optional<Shape> reduction(const Operands& operands);
std::optional<Shape> arg_max(const Operands& operands);
Shape select(const Operands& operands);
Shape select_v2(const Operands& operands);
Shape matrix_product(const Operands& operands);
Shape lstm(const Operands& operands);
/// The shape of a shape: as many elements as operand 0 has dimensions.
Shape extents(const Operands& operands);

Shape concatenation(const Operands& operands);
Shape pack(const Operands& operands);
MaybeShapes unpack(const Operands& operands);
MaybeShapes split(const Operands& operands);
MaybeShapes split_v(const Operands& operands);
std::optional<Shape> slice(const Operands& operands);
std::optional<Shape> strided_slice(const Operands& operands);
std::optional<Shape> reshape(const Operands& operands);
Shape squeeze(const Operands& operands);
std::optional<Shape> expand_dims(const Operands& operands);
std::optional<Shape> transpose(const Operands& operands);
std::optional<Shape> pad(const Operands& operands);
std::optional<Shape> resize(const Operands& operands);
std::optional<Shape> space_to_batch(const Operands& operands);
std::optional<Shape> batch_to_space(const Operands& operands);
std::optional<Shape> tile(const Operands& operands);
std::optional<Shape> broadcast_to(const Operands& operands);
Shape space_to_depth(const Operands& operands);
Shape depth_to_space(const Operands& operands);
Shape gather(const Operands& operands);

Shape svdf(const Operands& operands);
Shape gather_nd(const Operands& operands);
std::optional<Shape> scatter_nd(const Operands& operands);
std::optional<Shape> fill(const Operands& operands);
MaybeShapes topk_v2(const Operands& operands);
std::optional<Shape> one_hot(const Operands& operands);
Shape embedding_lookup(const Operands& operands);
std::optional<Shape> range(const Operands& operands);
Shape rank(const Operands& operands);
Shape broadcast_args(const Operands& operands);

}  // namespace shapes
}  // namespace u65sim::ir
