// Readable listing of a network.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <u65sim/graph.hpp>

#include "ir/attribute_text.hpp"
#include "ir/builtins.hpp"

namespace u65sim {
namespace {

std::string_view name_of(Activation activation) {
    switch (activation) {
        case Activation::relu:
            return "relu";
        case Activation::relu_n1_to_1:
            return "relu_n1_to_1";
        case Activation::relu6:
            return "relu6";
        case Activation::tanh:
            return "tanh";
        case Activation::sign_bit:
            return "sign_bit";
        case Activation::relu_0_to_1:
            return "relu_0_to_1";
        case Activation::none:
            break;
    }
    return "none";
}

// Appends "key=value" for every attribute that differs from its default.
class AttributeText {
public:
    template <class Value>
    void add(std::string_view key, const Value& value, const Value& standard) {
        if (!(value == standard)) text_ += fmt::format(" {}={}", key, value);
    }
    void add_flag(std::string_view key, bool value) {
        if (value) text_ += fmt::format(" {}", key);
    }
    void add_activation(Activation activation) {
        if (activation != Activation::none) text_ += fmt::format(" {}", name_of(activation));
    }

    void operator()(std::monostate) {}
    void operator()(const WindowAttributes& window) {
        text_ += window.padding == Padding::same ? " same" : " valid";
        if (window.filter_h != 0 || window.filter_w != 0) {
            text_ += fmt::format(" filter={}x{}", window.filter_h, window.filter_w);
        }
        if (window.stride_h != 1 || window.stride_w != 1) {
            text_ += fmt::format(" stride={}x{}", window.stride_h, window.stride_w);
        }
        if (window.dilation_h != 1 || window.dilation_w != 1) {
            text_ += fmt::format(" dilation={}x{}", window.dilation_h, window.dilation_w);
        }
        add("multiplier", window.depth_multiplier, 1);
        add_activation(window.activation);
    }
    void operator()(const FullyConnectedAttributes& attributes) {
        add_flag("keep_num_dims", attributes.keep_num_dims);
        add_flag("asymmetric_inputs", attributes.asymmetric_inputs);
        add_activation(attributes.activation);
    }
    void operator()(const ArithmeticAttributes& attributes) {
        add_flag("pot_scale_int16", attributes.pot_scale_int16);
        add_activation(attributes.activation);
    }
    void operator()(const SoftmaxAttributes& attributes) { add("beta", attributes.beta, 1.0F); }
    void operator()(const LeakyReluAttributes& attributes) { add("alpha", attributes.alpha, 0.0F); }
    void operator()(const ReduceAttributes& attributes) {
        add_flag("keep_dims", attributes.keep_dims);
    }
    void operator()(const AxisAttributes& attributes) {
        text_ += fmt::format(" axis={}", attributes.axis);
        add("count", attributes.count, 0);
        add("batch_dims", attributes.batch_dims, 0);
        add_activation(attributes.activation);
    }
    void operator()(const ReshapeAttributes& attributes) {
        if (!attributes.new_shape.empty()) {
            text_ += fmt::format(" to={}", to_string(attributes.new_shape));
        }
    }
    void operator()(const SqueezeAttributes& attributes) {
        if (!attributes.dims.empty()) {
            text_ += fmt::format(" dims={}", fmt::join(attributes.dims, ","));
        }
    }
    void operator()(const StridedSliceAttributes& attributes) {
        add("begin_mask", attributes.begin_mask, 0);
        add("end_mask", attributes.end_mask, 0);
        add("ellipsis_mask", attributes.ellipsis_mask, 0);
        add("new_axis_mask", attributes.new_axis_mask, 0);
        add("shrink_axis_mask", attributes.shrink_axis_mask, 0);
    }
    void operator()(const ResizeAttributes& attributes) {
        add_flag("align_corners", attributes.align_corners);
        add_flag("half_pixel_centers", attributes.half_pixel_centers);
    }
    void operator()(const BatchMatmulAttributes& attributes) {
        add_flag("adjoint_x", attributes.adjoint_x);
        add_flag("adjoint_y", attributes.adjoint_y);
        add_flag("asymmetric_inputs", attributes.asymmetric_inputs);
    }
    void operator()(const LstmAttributes& attributes) {
        add("cell_clip", attributes.cell_clip, 0.0F);
        add("projection_clip", attributes.projection_clip, 0.0F);
        add_flag("time_major", attributes.time_major);
        add_flag("asymmetric_inputs", attributes.asymmetric_inputs);
        add_activation(attributes.activation);
    }
    void operator()(const GeluAttributes& attributes) {
        add_flag("approximate", attributes.approximate);
    }
    void operator()(const MirrorPadAttributes& attributes) {
        add_flag("symmetric", attributes.symmetric);
    }

    void operator()(const BlockAttributes& attributes) {
        add("block_size", attributes.block_size, 1);
    }
    void operator()(const SvdfAttributes& attributes) {
        add("rank", attributes.rank, 1);
        add_flag("asymmetric_inputs", attributes.asymmetric_inputs);
        add_activation(attributes.activation);
    }
    void operator()(const CumsumAttributes& attributes) {
        add_flag("exclusive", attributes.exclusive);
        add_flag("reverse", attributes.reverse);
    }
    void operator()(const LocalResponseAttributes& attributes) {
        text_ += fmt::format(" radius={} bias={} alpha={} beta={}", attributes.radius,
                             attributes.bias, attributes.alpha, attributes.beta);
    }
    void operator()(const ReverseSequenceAttributes& attributes) {
        text_ += fmt::format(" sequence_axis={} batch_axis={}", attributes.sequence_axis,
                             attributes.batch_axis);
    }
    void operator()(const NormalizationAttributes& attributes) {
        add_activation(attributes.activation);
    }

    void operator()(const VariableAttributes& attributes) {
        text_ += fmt::format(" variable='{}'", attributes.name);
    }
    void operator()(const SubgraphAttributes& attributes) {
        text_ += fmt::format(" subgraphs={}", fmt::join(attributes.subgraphs, ","));
    }

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
};

std::string describe_quantization(const Quantization& quantization) {
    if (quantization.empty()) return {};
    if (quantization.scales.size() > 1) {
        return fmt::format(" q[{} scales, axis {}]", quantization.scales.size(), quantization.axis);
    }
    const std::int64_t zero =
        quantization.zero_points.empty() ? 0 : quantization.zero_points.front();
    return fmt::format(" q({}, {})", quantization.scales.front(), zero);
}

std::string describe(const Graph& graph, TensorId id) {
    if (id == no_tensor) return "-";
    if (id < 0 || static_cast<std::size_t>(id) >= graph.tensors.size()) {
        return fmt::format("<tensor {}>", id);
    }
    const Tensor& tensor = graph.tensors[static_cast<std::size_t>(id)];
    return fmt::format("{} {} {}{}{}{}", tensor.name, to_string(tensor.shape),
                       to_string(tensor.type), describe_quantization(tensor.quantization),
                       tensor.data ? " const" : "", tensor.is_variable ? " variable" : "");
}

std::string describe(const Graph& graph, const std::vector<TensorId>& ids) {
    std::vector<std::string> parts;
    parts.reserve(ids.size());
    for (const TensorId id : ids) parts.push_back(describe(graph, id));
    return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

std::string ir::attribute_text(const Operator& op) {
    AttributeText attributes;
    std::visit(attributes, op.attributes);
    return attributes.text();
}

std::string dump(const Graph& graph) {
    std::string text = fmt::format("graph {}: {} operators, {} tensors\n", graph.name,
                                   graph.operators.size(), graph.tensors.size());
    for (const TensorId id : graph.inputs) text += fmt::format("input {}\n", describe(graph, id));
    for (std::size_t index = 0; index < graph.operators.size(); ++index) {
        const Operator& op = graph.operators[index];
        text += fmt::format("{} {} '{}'{}: ({}) -> ({})\n", index, ir::kind_name(op), op.name,
                            ir::attribute_text(op), describe(graph, op.inputs),
                            describe(graph, op.outputs));
    }
    for (const TensorId id : graph.outputs) text += fmt::format("output {}\n", describe(graph, id));
    for (const std::string& note : graph.notes) text += fmt::format("note: {}\n", note);
    for (const Graph& subgraph : graph.subgraphs) text += dump(subgraph);
    return text;
}

}  // namespace u65sim
