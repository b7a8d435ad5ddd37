// Other kinds of blocks in place of depthwise ones.
#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/transform.hpp>

#include "ir/analysis.hpp"
#include "ir/constants.hpp"
#include "ir/drawn_weights.hpp"

namespace u65sim {
namespace {

bool is_pointwise(const Graph& graph, const Operator& op) {
    if (op.type != OpType::conv_2d) return false;
    const Shape& weights = graph.tensors[static_cast<std::size_t>(op.inputs.at(1))].shape;
    const auto& window = std::get<WindowAttributes>(op.attributes);
    return weights[1] == 1 && weights[2] == 1 && window.stride_h == 1 && window.stride_w == 1;
}

bool is_plain_depthwise(const Operator& op) {
    return op.type == OpType::depthwise_conv_2d &&
           std::get<WindowAttributes>(op.attributes).depth_multiplier == 1;
}

class Substitution {
public:
    Substitution(const Graph& graph, BlockKind kind, std::int32_t group_width, std::uint64_t seed)
        : graph_(graph),
          connections_(graph),
          result_(graph),
          kind_(kind),
          group_width_(group_width),
          seed_(seed),
          is_modelled_(has_modelled_weights(graph)),
          replaced_(graph.operators.size()) {}

    Graph run() {
        for (std::size_t at = 0; at < graph_.operators.size(); ++at) {
            const Operator& op = graph_.operators[at];
            if (is_plain_depthwise(op)) replace(at);
        }
        result_.operators.clear();
        for (std::size_t at = 0; at < graph_.operators.size(); ++at) {
            if (!replaced_[at]) {
                result_.operators.push_back(graph_.operators[at]);
                continue;
            }
            for (Operator& made : *replaced_[at]) result_.operators.push_back(std::move(made));
        }
        verify(result_);
        return std::move(result_);
    }

private:
    using Made = std::vector<Operator>;

    const Operator& op_at(std::size_t at) const { return graph_.operators[at]; }
    Tensor& tensor(TensorId id) { return result_.tensors[static_cast<std::size_t>(id)]; }
    const Shape& shape(TensorId id) { return tensor(id).shape; }

    /// The pointwise layer that only feeds this operator, or is all that reads it.
    std::optional<std::size_t> neighbour(std::size_t at, bool in_front) const {
        const TensorId between = in_front ? op_at(at).inputs.at(0) : op_at(at).outputs.at(0);
        if (connections_.consumers_of(between).size() != 1) return std::nullopt;
        if (std::find(graph_.outputs.begin(), graph_.outputs.end(), between) !=
            graph_.outputs.end()) {
            return std::nullopt;
        }
        const ir::OperatorIndex other =
            in_front ? connections_.producer_of(between) : connections_.consumers_of(between)[0];
        if (other == ir::no_operator) return std::nullopt;
        const auto index = static_cast<std::size_t>(other);
        if (!is_pointwise(graph_, op_at(index)) || replaced_[index]) return std::nullopt;
        return index;
    }

    void replace(std::size_t at) {
        switch (kind_) {
            case BlockKind::fused:
                return fuse(at);
            case BlockKind::ghost:
                for (const bool in_front : {true, false}) {
                    if (const auto index = neighbour(at, in_front)) ghost(*index);
                }
                return;
            case BlockKind::blueprint:
                return turn_around(at);
            case BlockKind::grouped:
                return group(at);
            case BlockKind::pooling:
                return pool(at);
            case BlockKind::depthwise:
                return;
        }
    }

    TensorId add(Tensor made) {
        made.name = fmt::format("{}/{}", made.name, result_.tensors.size());
        result_.tensors.push_back(std::move(made));
        return static_cast<TensorId>(result_.tensors.size() - 1);
    }

    /// A feature map quantised as `like`.
    TensorId add_map(const std::string& name, const Shape& extents, TensorId like) {
        Tensor made{name, extents, tensor(like).type, tensor(like).quantization, {}, false};
        return add(std::move(made));
    }

    /// Weights and bias of a layer, drawn; its output stays near deviation one.
    void add_weights(Operator& op, const Shape& extents, int axis) {
        const bool is_unsigned = tensor(op.inputs[0]).type == ElementType::uint8;
        const auto channels = static_cast<std::size_t>(extents[static_cast<std::size_t>(axis)]);
        const auto fan_in = static_cast<std::size_t>(element_count(extents)) / channels;
        ir::Random random{seed_, op.name};
        // A model has no values, so that its scales are those of one value a filter.
        const ir::DrawnWeights drawn =
            ir::draw_weights({}, random, channels, is_modelled_ ? 1 : fan_in, !is_unsigned);
        Tensor weights{op.name + "/weights", extents, ElementType::int8, {}, {}, false};
        const int zero = is_unsigned ? 128 : 0;
        if (is_modelled_) {
            weights.data = ConstantData{WeightModel{.seed = seed_}, element_count(extents)};
        } else {
            weights.data =
                ConstantData{ir::arrange(drawn.values, channels, fan_in, axis != 0, zero)};
        }
        weights.quantization.axis = is_unsigned ? 0 : axis;
        for (std::size_t channel = 0; channel < (is_unsigned ? 1 : channels); ++channel) {
            const double squares = static_cast<double>(drawn.square_sums[channel]);
            weights.quantization.scales.push_back(
                static_cast<float>(1 / std::sqrt(std::max(squares, 1.0))));
            weights.quantization.zero_points.push_back(zero);
        }
        if (is_unsigned) weights.type = ElementType::uint8;
        Tensor bias{op.name + "/bias",
                    {static_cast<std::int32_t>(channels)},
                    ElementType::int32,
                    weights.quantization,
                    {},
                    false};
        const bool is_wide = tensor(op.inputs[0]).type == ElementType::int16;
        if (is_wide) bias.type = ElementType::int64;
        bias.quantization.axis = 0;
        std::fill(bias.quantization.zero_points.begin(), bias.quantization.zero_points.end(), 0);
        const Quantization& input = tensor(op.inputs[0]).quantization;
        for (float& scale : bias.quantization.scales) {
            scale *= input.empty() ? 1.0F : input.scales.front();
        }
        bias.data = ConstantData{std::vector<std::uint8_t>(channels * (is_wide ? 8 : 4))};
        op.inputs.push_back(add(std::move(weights)));
        op.inputs.push_back(add(std::move(bias)));
    }

    Operator convolution(const std::string& name, TensorId input, TensorId output,
                         std::int32_t kernel_h, std::int32_t kernel_w,
                         const WindowAttributes& window) {
        Operator op{name, OpType::conv_2d, {input}, {output}, window};
        std::get<WindowAttributes>(op.attributes).depth_multiplier = 1;
        add_weights(op, {shape(output).back(), kernel_h, kernel_w, shape(input).back()}, 0);
        return op;
    }

    Operator depthwise(const std::string& name, TensorId input, TensorId output,
                       std::int32_t kernel_h, std::int32_t kernel_w,
                       const WindowAttributes& window) {
        Operator op{name, OpType::depthwise_conv_2d, {input}, {output}, window};
        std::get<WindowAttributes>(op.attributes).depth_multiplier = 1;
        add_weights(op, {1, kernel_h, kernel_w, shape(output).back()}, 3);
        return op;
    }

    /// Height and width of an operator's filter.
    std::pair<std::int32_t, std::int32_t> kernel(const Operator& op) {
        const Shape& weights = shape(op.inputs.at(1));
        return {weights[1], weights[2]};
    }

    void fuse(std::size_t at) {
        const Operator& filter = op_at(at);
        const auto [kernel_h, kernel_w] = kernel(filter);
        WindowAttributes window = std::get<WindowAttributes>(filter.attributes);
        TensorId input = filter.inputs[0];
        TensorId output = filter.outputs[0];
        if (const auto expansion = neighbour(at, true)) {
            input = op_at(*expansion).inputs[0];
            replaced_[*expansion] = Made{};
        } else if (const auto projection = neighbour(at, false)) {
            output = op_at(*projection).outputs[0];
            window.activation =
                std::get<WindowAttributes>(op_at(*projection).attributes).activation;
            replaced_[*projection] = Made{};
        }
        replaced_[at] =
            Made{convolution(filter.name + "/fused", input, output, kernel_h, kernel_w, window)};
    }

    void ghost(std::size_t at) {
        const Operator& layer = op_at(at);
        const std::int32_t channels = shape(layer.outputs[0]).back();
        if (channels < 2) return;
        const std::int32_t primary = (channels + 1) / 2;
        const auto window = std::get<WindowAttributes>(layer.attributes);
        Shape half = shape(layer.outputs[0]);
        half.back() = primary;
        const TensorId first = add_map(layer.name + "/primary", half, layer.outputs[0]);
        half.back() = channels - primary;
        const TensorId cheap = add_map(layer.name + "/cheap", half, layer.outputs[0]);
        Made made{convolution(layer.name + "/primary", layer.inputs[0], first, 1, 1, window)};
        TensorId source = first;
        if (channels % 2 != 0) {
            // An odd number: the cheap half leaves one channel of the primary one out.
            source = add_map(layer.name + "/source", half, layer.outputs[0]);
            Operator cut{layer.name + "/source", OpType::slice, {first}, {source}, {}};
            cut.inputs.push_back(add({layer.name + "/begin",
                                      {4},
                                      ElementType::int32,
                                      {},
                                      ir::int32_data({0, 0, 0, 0}),
                                      false}));
            cut.inputs.push_back(add(
                {layer.name + "/size", {4}, ElementType::int32, {}, ir::int32_data(half), false}));
            made.push_back(std::move(cut));
        }
        constexpr std::int32_t cheap_kernel = 3;
        made.push_back(
            depthwise(layer.name + "/cheap", source, cheap, cheap_kernel, cheap_kernel, window));
        Operator join{layer.name + "/join",
                      OpType::concatenation,
                      {first, cheap},
                      {layer.outputs[0]},
                      AxisAttributes{.axis = 3}};
        made.push_back(std::move(join));
        replaced_[at] = std::move(made);
    }

    void turn_around(std::size_t at) {
        const auto projection = neighbour(at, false);
        if (!projection) return;
        const Operator& filter = op_at(at);
        const Operator& mixer = op_at(*projection);
        Shape extents = shape(filter.inputs[0]);
        extents.back() = shape(mixer.outputs[0]).back();
        const TensorId between = add_map(mixer.name + "/blueprint", extents, mixer.outputs[0]);
        Operator first = mixer;
        first.inputs[0] = filter.inputs[0];
        first.outputs = {between};
        auto& window = std::get<WindowAttributes>(first.attributes);
        WindowAttributes filtering = std::get<WindowAttributes>(filter.attributes);
        filtering.activation = window.activation;
        window.activation = Activation::none;
        const auto [kernel_h, kernel_w] = kernel(filter);
        Operator second = depthwise(filter.name + "/blueprint", between, mixer.outputs[0], kernel_h,
                                    kernel_w, filtering);
        replaced_[at] = Made{std::move(first), std::move(second)};
        replaced_[*projection] = Made{};
    }

    void group(std::size_t at) {
        const Operator& filter = op_at(at);
        const std::int32_t channels = shape(filter.inputs[0]).back();
        std::int32_t width = std::min(group_width_, channels);
        while (channels % width != 0) --width;
        const std::int32_t count = channels / width;
        const auto [kernel_h, kernel_w] = kernel(filter);
        const auto window = std::get<WindowAttributes>(filter.attributes);
        if (count == 1) {
            replaced_[at] = Made{convolution(filter.name + "/grouped", filter.inputs[0],
                                             filter.outputs[0], kernel_h, kernel_w, window)};
            return;
        }
        Operator parts{filter.name + "/groups",
                       OpType::split,
                       {},
                       {},
                       AxisAttributes{.axis = 3, .count = count}};
        parts.inputs = {
            add({filter.name + "/axis", {}, ElementType::int32, {}, ir::int32_data({3}), false}),
            filter.inputs[0]};
        Operator join{filter.name + "/join",
                      OpType::concatenation,
                      {},
                      filter.outputs,
                      AxisAttributes{.axis = 3}};
        Shape in = shape(filter.inputs[0]);
        Shape out = shape(filter.outputs[0]);
        in.back() = out.back() = width;
        Made made(1);
        for (std::int32_t each = 0; each < count; ++each) {
            const std::string name = fmt::format("{}/group{}", filter.name, each);
            parts.outputs.push_back(add_map(name + "_in", in, filter.inputs[0]));
            join.inputs.push_back(add_map(name, out, filter.outputs[0]));
            made.push_back(convolution(name, parts.outputs.back(), join.inputs.back(), kernel_h,
                                       kernel_w, window));
        }
        made.front() = std::move(parts);
        made.push_back(std::move(join));
        replaced_[at] = std::move(made);
    }

    void pool(std::size_t at) {
        const Operator& filter = op_at(at);
        WindowAttributes window = std::get<WindowAttributes>(filter.attributes);
        if (window.dilation_h != 1 || window.dilation_w != 1) return;  // pools have no dilation
        std::tie(window.filter_h, window.filter_w) = kernel(filter);
        window.depth_multiplier = 1;
        // A pool's output counts in units of its input.
        tensor(filter.outputs[0]).quantization = tensor(filter.inputs[0]).quantization;
        replaced_[at] = Made{Operator{filter.name + "/pool",
                                      OpType::average_pool_2d,
                                      {filter.inputs[0]},
                                      filter.outputs,
                                      window}};
    }

    const Graph& graph_;
    ir::Connections connections_;
    Graph result_;
    BlockKind kind_;
    std::int32_t group_width_;
    std::uint64_t seed_;
    bool is_modelled_;
    std::vector<std::optional<Made>> replaced_;
};

}  // namespace

std::string_view to_string(BlockKind kind) {
    switch (kind) {
        case BlockKind::depthwise:
            return "depthwise";
        case BlockKind::fused:
            return "fused";
        case BlockKind::ghost:
            return "ghost";
        case BlockKind::blueprint:
            return "blueprint";
        case BlockKind::grouped:
            return "grouped";
        case BlockKind::pooling:
            break;
    }
    return "pooling";
}

Graph substitute_blocks(const Graph& graph, BlockKind kind, std::int32_t group_width,
                        std::uint64_t seed) {
    if (group_width < 1) {
        throw InvalidModel(fmt::format("group width = {}: must be at least 1", group_width));
    }
    if (kind == BlockKind::depthwise) return graph;
    return Substitution{graph, kind, group_width, seed}.run();
}

}  // namespace u65sim
