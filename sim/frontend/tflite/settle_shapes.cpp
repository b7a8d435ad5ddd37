#include "frontend/tflite/settle_shapes.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "arith/known_results.hpp"
#include "ir/infer_shapes.hpp"

namespace u65sim::frontend {
namespace {

// Nothing where the operands do not go together: verify() says so.
std::vector<std::optional<Shape>> shapes_of(const Graph& graph, const Operator& op) {
    try {
        return ir::infer_shapes(graph, op);
    } catch (const InvalidModel&) {
        return {};
    } catch (const QuantityOverflow&) {
        return {};
    }
}

/// Shapes are worked out from few numbers: larger results are of no use here.
constexpr std::int64_t most_numbers = 1024;
constexpr std::int64_t most_bytes = std::int64_t{64} * 1024;  ///< of all results of one operator

bool may_describe_a_shape(const Graph& graph, const Operator& op) {
    if (op.outputs.empty()) return false;
    return std::all_of(op.outputs.begin(), op.outputs.end(), [&](TensorId id) {
        const Tensor& output = graph.tensors[static_cast<std::size_t>(id)];
        const bool numbers = output.type == ElementType::int32 ||
                             output.type == ElementType::int64 ||
                             output.type == ElementType::boolean;
        return numbers && output.shape.size() < 2 &&
               (output.shape.empty() || output.shape[0] <= most_numbers);
    });
}

class ShapeSettler {
public:
    explicit ShapeSettler(Graph& graph) : graph_(graph) {}

    void run() {
        for (const Operator& op : graph_.operators) settle(op);
        if (changed_ == 0) return;
        graph_.notes.push_back(
            fmt::format("shapes of {} tensor{} follow from the operators, not from the file: {}{}",
                        changed_, changed_ == 1 ? "" : "s", first_, changed_ == 1 ? "" : " ..."));
    }

private:
    [[nodiscard]] Graph& now() { return known_ ? *known_ : graph_; }

    void settle(const Operator& op) {
        const auto shapes = shapes_of(now(), op);
        for (std::size_t i = 0; i < op.outputs.size() && i < shapes.size(); ++i) {
            const auto id = static_cast<std::size_t>(op.outputs[i]);
            Tensor& output = graph_.tensors[id];
            if (!shapes[i] || *shapes[i] == output.shape || output.data) continue;
            if (changed_++ == 0) {
                first_ = fmt::format("'{}' is {}, not {}", output.name, to_string(*shapes[i]),
                                     to_string(output.shape));
            }
            output.shape = *shapes[i];
            if (known_) known_->tensors[id].shape = output.shape;
        }
        if (!may_describe_a_shape(graph_, op)) return;
        auto results = arith::known_results(now(), op, most_bytes);
        if (!results) return;
        if (!known_) known_ = graph_;
        for (std::size_t i = 0; i < op.outputs.size(); ++i) {
            known_->tensors[static_cast<std::size_t>(op.outputs[i])].data =
                ConstantData{std::move((*results)[i])};
        }
    }

    Graph& graph_;
    std::optional<Graph> known_;  ///< with the results that are known
    std::size_t changed_ = 0;
    std::string first_;
};

}  // namespace

void settle_shapes(Graph& graph) { ShapeSettler{graph}.run(); }

}  // namespace u65sim::frontend
