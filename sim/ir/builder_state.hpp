// What a GraphBuilder knows while it builds.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <u65sim/graph_builder.hpp>

#include "ir/drawn_weights.hpp"
#include "ir/spread.hpp"

namespace u65sim {

struct GraphBuilder::State {
    Graph graph;
    BuilderOptions options;
    std::vector<ir::Spread> spreads;  ///< one a tensor
    std::unordered_set<std::string> names;
    std::int64_t drawn_weights = 0;
    std::unordered_map<std::string, int> counters;

    [[nodiscard]] const Tensor& tensor(Value value) const;
    [[nodiscard]] const ir::Spread& spread(Value value) const;
    /// The name asked for, or kind and number; throws InvalidModel when it is taken.
    std::string take_name(const std::string& wanted, std::string_view kind);
    TensorId add_tensor(Tensor tensor, const ir::Spread& spread);
    TensorId add_int32(std::string name, const Shape& shape,
                       const std::vector<std::int32_t>& values);
    /// Appends an operator with one output whose shape is inferred and whose quantisation is the
    /// option's or fits `spread`.
    Value append(OpType type, std::vector<TensorId> inputs, Attributes attributes,
                 const LayerOptions& options, const ir::Spread& spread);
    /// The same, with the output quantised like `like` and of its type.
    Value append_like(OpType type, std::vector<TensorId> inputs, Attributes attributes,
                      const LayerOptions& options, Value like);
    /// `value`, behind a QUANTIZE when its quantisation or type is not that of `model`.
    Value requantised(Value value, Value model);
};

namespace ir {

/// The lowest version of the operator whose kernel takes these operands.
std::int32_t operator_version(const Graph& graph, const Operator& op);

}  // namespace ir
}  // namespace u65sim
