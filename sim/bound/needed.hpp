// Which part of every map the network's outputs need.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include <u65sim/graph.hpp>

#include "bound/axis.hpp"
#include "ir/analysis.hpp"

namespace u65sim::bound {

/// Height and width of a window operator, of a transposed convolution with inputs and outputs
/// swapped; none where it has no such window.
std::optional<std::array<Axis, 2>> axes_of(const Graph& graph, const Operator& op);

/// Elements of a tensor; zero where an extent is not known.
std::int64_t elements_of(const Graph& graph, TensorId tensor);

/// Rows and columns of a map of rank 4; of any other tensor all or nothing, as one row.
struct Region {
    Range rows, columns;
    [[nodiscard]] std::int64_t area() const { return rows.size() * columns.size(); }
    bool operator==(const Region&) const = default;
};
Region whole(const Shape& shape);

/// For each tensor a region of which every element is needed for the outputs: the largest that one
/// consumer needs, or all where SLICEs that lie side by side take all. What lies unevenly counts as
/// nothing.
std::vector<Region> needed_regions(const Graph& graph, const std::vector<ir::OperatorIndex>& order,
                                   const std::vector<bool>& on_cpu);

/// What of operand number `input` an operator needs for `output`, a region of all its results.
Region needed_of(const Graph& graph, const Operator& op, std::size_t input, const Region& output);

}  // namespace u65sim::bound
