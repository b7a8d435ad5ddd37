// The rules a network must keep before anything works on it.
#include <algorithm>
#include <limits>
#include <string>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/graph.hpp>

#include "base/integer_range.hpp"
#include "base/uniform.hpp"
#include "ir/builtins.hpp"
#include "ir/infer_shapes.hpp"
#include "ir/npu_operator.hpp"
#include "ir/operator_info.hpp"
#include "ir/types.hpp"

namespace u65sim {
namespace {

/// Wider types may have any zero point: it means nothing there.
IntegerRange zero_point_range(ElementType type) {
    return ir::value_range(element_bytes(type) <= 2 ? type : ElementType::int64)
        .value_or(integer_range(64, true));
}

bool has_fixed_size(ElementType type) {
    return type != ElementType::string && type != ElementType::resource &&
           type != ElementType::variant && type != ElementType::other;
}

class Verifier {
public:
    explicit Verifier(const Graph& graph)
        : graph_(graph),
          is_made_(graph.tensors.size()),
          is_input_(graph.tensors.size()),
          is_streamed_(graph.tensors.size()) {}

    void run() {
        for (std::size_t index = 0; index < graph_.tensors.size(); ++index) check_tensor(index);
        for (const TensorId id : graph_.inputs) check_input(id);
        for (const Operator& op : graph_.operators) check_operator(op);
        for (const TensorId id : graph_.outputs) check_output(id);
    }

private:
    void check_tensor(std::size_t index) const {
        const Tensor& tensor = graph_.tensors[index];
        const auto fail = [&](const std::string& reason) {
            throw InvalidModel(fmt::format("tensor {} '{}': {}", index, tensor.name, reason));
        };
        for (const std::int32_t extent : tensor.shape) {
            if (extent < 0) {
                fail(fmt::format("shape is {}, extents must not be negative",
                                 to_string(tensor.shape)));
            }
        }
        std::int64_t bytes = 0;
        try {
            bytes = stored_bytes(tensor);
        } catch (const QuantityOverflow&) {
            fail(fmt::format("shape is {}: its size leaves the range of 64 bits",
                             to_string(tensor.shape)));
        }
        if (tensor.data && has_fixed_size(tensor.type) && tensor.data.size() != bytes) {
            fail(fmt::format("holds {} bytes, must be {} for {} of {}", tensor.data.size(), bytes,
                             to_string(tensor.shape), to_string(tensor.type)));
        }
        const std::string reason = quantization_fault(tensor);
        if (!reason.empty()) fail(reason);
    }

    static std::string quantization_fault(const Tensor& tensor) {
        const Quantization& quantization = tensor.quantization;
        const auto [lowest, highest] = zero_point_range(tensor.type);
        if (quantization.zero_points.size() != quantization.scales.size()) {
            return fmt::format("{} scales but {} zero points, must be as many",
                               quantization.scales.size(), quantization.zero_points.size());
        }
        for (std::size_t i = 0, end = distinct_prefix(quantization.scales); i < end; ++i) {
            const float scale = quantization.scales[i];
            // A channel of weights that are all zero may have a scale of zero.
            const bool may_be_zero = quantization.scales.size() > 1;
            if (scale > 0.0F && scale <= std::numeric_limits<float>::max()) continue;
            if (auto fault = ir::scale_fault(scale, may_be_zero); !fault.empty()) return fault;
        }
        for (std::size_t i = 0, end = distinct_prefix(quantization.zero_points); i < end; ++i) {
            const std::int64_t zero_point = quantization.zero_points[i];
            if (zero_point < lowest || zero_point > highest) {
                return fmt::format("zero point is {}, must be between {} and {}", zero_point,
                                   lowest, highest);
            }
        }
        if (quantization.scales.size() <= 1) return {};
        const auto rank = static_cast<std::int64_t>(tensor.shape.size());
        if (quantization.axis < 0 || quantization.axis >= rank) {
            return fmt::format("quantised along axis {}, must be between 0 and {}",
                               quantization.axis, rank - 1);
        }
        const std::int32_t slices = tensor.shape[static_cast<std::size_t>(quantization.axis)];
        if (static_cast<std::int64_t>(quantization.scales.size()) != slices) {
            return fmt::format("{} scales for {} slices along axis {}, must be as many",
                               quantization.scales.size(), slices, quantization.axis);
        }
        return {};
    }

    /// `what` gives the text of who names this tensor.
    template <class What>
    [[nodiscard]] std::size_t index_in_range(TensorId id, const What& what) const {
        if (id < 0 || static_cast<std::size_t>(id) >= graph_.tensors.size()) {
            throw InvalidModel(fmt::format("{} is tensor {}, must be between 0 and {}", what(), id,
                                           static_cast<std::int64_t>(graph_.tensors.size()) - 1));
        }
        return static_cast<std::size_t>(id);
    }

    void check_input(TensorId id) {
        const std::size_t index = index_in_range(id, [] { return "network input"; });
        is_input_[index] = true;
        is_made_[index] = true;
    }

    void check_output(TensorId id) const {
        const std::size_t index = index_in_range(id, [] { return "network output"; });
        // Compilers lose constants that are outputs.
        if (!is_fed(index) && !has_compiled_operator()) {
            throw InvalidModel(fmt::format("network output '{}' is made by no operator",
                                           graph_.tensors[index].name));
        }
    }

    [[nodiscard]] bool has_compiled_operator() const {
        return std::any_of(graph_.operators.begin(), graph_.operators.end(),
                           [](const Operator& op) { return op.custom_code == "ethos-u"; });
    }

    [[nodiscard]] bool is_fed(std::size_t index) const {
        const Tensor& tensor = graph_.tensors[index];
        return is_made_[index] || tensor.data || tensor.is_variable;
    }

    void check_operator(const Operator& op) {
        const auto fail = [&](const std::string& reason) {
            throw InvalidModel(
                fmt::format("operator '{}' ({}): {}", op.name, ir::kind_name(op), reason));
        };
        if (op.name.empty()) fail("has no name");
        if (!names_.insert(op.name).second) fail("its name is taken by an earlier operator");
        check_arity(op);
        if (op.attributes.index() != ir::info(op.type).attributes) {
            fail("attributes are of another kind");
        }
        const bool is_opaque = ir::info(op.type).family == ir::Family::opaque;
        for (std::size_t position = 0; position < op.inputs.size(); ++position) {
            const TensorId id = op.inputs[position];
            if (id == no_tensor) continue;
            const std::size_t index = index_in_range(
                id, [&] { return fmt::format("operator '{}': operand {}", op.name, position); });
            // Opaque operators may own tensors that nobody fills, like scratch memory.
            if (!is_opaque && !is_fed(index)) {
                fail(fmt::format("operand {} '{}' is made by no earlier operator", position,
                                 graph_.tensors[index].name));
            }
        }
        for (const TensorId id : op.intermediates) {
            if (id == no_tensor) continue;
            static_cast<void>(index_in_range(
                id, [&] { return fmt::format("operator '{}': intermediate", op.name); }));
        }
        for (const TensorId id : op.outputs) {
            const std::size_t index =
                index_in_range(id, [&] { return fmt::format("operator '{}': output", op.name); });
            const std::string& name = graph_.tensors[index].name;
            if (is_input_[index]) fail(fmt::format("writes the network input '{}'", name));
            // Command streams may each write a part of one tensor.
            const bool may_share = ir::is_npu_operator(op) && is_streamed_[index];
            if (is_made_[index] && !may_share) {
                fail(fmt::format("'{}' is made by an earlier operator too", name));
            }
            if (graph_.tensors[index].data) fail(fmt::format("writes the constant '{}'", name));
            is_made_[index] = true;
            is_streamed_[index] = ir::is_npu_operator(op);
        }
        check_shapes(op);
    }

    static void check_arity(const Operator& op) {
        const ir::Arity& arity = ir::info(op.type).arity;
        const auto inputs = static_cast<int>(op.inputs.size());
        const auto outputs = static_cast<int>(op.outputs.size());
        const auto fail = [&](const std::string& reason) {
            throw InvalidModel(
                fmt::format("operator '{}' ({}): {}", op.name, ir::kind_name(op), reason));
        };
        if (inputs < arity.min_inputs || (arity.max_inputs >= 0 && inputs > arity.max_inputs)) {
            fail(arity.max_inputs < 0 ? fmt::format("has {} operands, must have at least {}",
                                                    inputs, arity.min_inputs)
                                      : fmt::format("has {} operands, must have {} to {}", inputs,
                                                    arity.min_inputs, arity.max_inputs));
        }
        if (arity.outputs >= 0 && outputs != arity.outputs) {
            fail(fmt::format("has {} outputs, must have {}", outputs, arity.outputs));
        }
        for (int position = 0; position < arity.required_inputs; ++position) {
            if (op.inputs[static_cast<std::size_t>(position)] == no_tensor) {
                fail(fmt::format("operand {} is left out", position));
            }
        }
    }

    void check_shapes(const Operator& op) const {
        std::vector<std::optional<Shape>> shapes;
        try {
            shapes = ir::infer_shapes(graph_, op);
        } catch (const QuantityOverflow& error) {
            throw InvalidModel(fmt::format("operator '{}' ({}): extents are too large: {}", op.name,
                                           ir::kind_name(op), error.what()));
        }
        for (std::size_t position = 0; position < op.outputs.size(); ++position) {
            const Tensor& output = graph_.tensors[static_cast<std::size_t>(op.outputs[position])];
            if (position < shapes.size() && shapes[position] && *shapes[position] != output.shape) {
                throw InvalidModel(
                    fmt::format("operator '{}' ({}): output {} '{}' is {}, must be {}", op.name,
                                ir::kind_name(op), position, output.name, to_string(output.shape),
                                to_string(*shapes[position])));
            }
        }
    }

    const Graph& graph_;
    std::vector<bool> is_made_;
    std::vector<bool> is_input_;
    std::vector<bool> is_streamed_;  ///< written by command streams alone
    std::unordered_set<std::string> names_;
};

}  // namespace

void verify(const Graph& graph) { Verifier{graph}.run(); }

}  // namespace u65sim
