// Shapes of operators that look up, choose or make elements by numbers.
#include <algorithm>

#include "ir/shape_rules.hpp"

namespace u65sim::ir::shapes {

Shape svdf(const Operands& operands) {
    const auto& attributes = operands.attributes<SvdfAttributes>();
    const Shape& input = operands.shape(0, 2);
    const Shape& features = operands.shape(1, 2);
    const Shape& time = operands.shape(2, 2);
    if (attributes.rank < 1 || features[0] % attributes.rank != 0) {
        operands.fail("rank is {}, must divide the {} filters", attributes.rank, features[0]);
    }
    if (features[1] != input[1] || time[0] != features[0]) {
        operands.fail("filters of {} and {} disagree with the input {}", to_string(features),
                      to_string(time), to_string(input));
    }
    return {input[0], features[0] / attributes.rank};
}

Shape gather_nd(const Operands& operands) {
    const Shape& values = operands.shape(0);
    const Shape& indices = operands.shape(1);
    if (indices.empty() || indices.back() < 0 ||
        static_cast<std::size_t>(indices.back()) > values.size()) {
        operands.fail("indices of {} do not address {}", to_string(indices), to_string(values));
    }
    Shape output(indices.begin(), indices.end() - 1);
    output.insert(output.end(), values.begin() + indices.back(), values.end());
    return output;
}

namespace {

/// The elements of a constant operand as extents.
std::optional<Shape> constant_shape(const Operands& operands, std::size_t position) {
    const auto extents = operands.integers(position);
    if (!extents) return {};
    Shape output;
    for (const std::int64_t extent : *extents) output.push_back(operands.extent(extent));
    return output;
}

}  // namespace

std::optional<Shape> scatter_nd(const Operands& operands) { return constant_shape(operands, 2); }
std::optional<Shape> fill(const Operands& operands) { return constant_shape(operands, 0); }

MaybeShapes topk_v2(const Operands& operands) {
    const auto count = operands.integers(1, 1);
    if (!count) return MaybeShapes(2);
    Shape output = operands.shape(0);
    if (output.empty() || count->front() < 0 || count->front() > output.back()) {
        operands.fail("k is {}, must be between 0 and the last extent of {}", count->front(),
                      to_string(output));
    }
    output.back() = operands.extent(count->front());
    return {output, output};
}

std::optional<Shape> one_hot(const Operands& operands) {
    const auto depth = operands.integers(1, 1);
    if (!depth) return {};
    Shape output = operands.shape(0);
    const std::int32_t axis = operands.attributes<AxisAttributes>().axis;
    const std::size_t position =
        axis == -1 ? output.size() : operands.axis(axis, output.size() + 1);
    output.insert(output.begin() + static_cast<std::ptrdiff_t>(position),
                  operands.extent(depth->front()));
    return output;
}

Shape embedding_lookup(const Operands& operands) {
    const Shape& ids = operands.shape(0, 1);
    Shape output = operands.shape(1);
    if (output.empty()) operands.fail("the table is a scalar, must have rows");
    output[0] = ids[0];
    return output;
}

std::optional<Shape> range(const Operands& operands) {
    const auto start = operands.integers(0, 1);
    const auto limit = operands.integers(1, 1);
    const auto step = operands.integers(2, 1);
    if (!start || !limit || !step) return {};
    if (step->front() == 0) operands.fail("the step is 0");
    const std::int64_t way = detail::checked_sub(limit->front(), start->front());
    if (way == 0 || (way > 0) != (step->front() > 0)) return Shape{0};
    const auto magnitude = [](std::int64_t value) {
        const auto bits = static_cast<std::uint64_t>(value);
        return value < 0 ? 0 - bits : bits;
    };
    const std::uint64_t steps = (magnitude(way) - 1) / magnitude(step->front()) + 1;
    return Shape{operands.extent(static_cast<std::int64_t>(
        std::min<std::uint64_t>(steps, std::numeric_limits<std::int64_t>::max())))};
}

Shape rank(const Operands&) { return {}; }

Shape broadcast_args(const Operands& operands) {
    return {std::max(operands.shape(0, 1)[0], operands.shape(1, 1)[0])};
}

}  // namespace u65sim::ir::shapes
