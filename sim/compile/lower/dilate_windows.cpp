// Convolutions between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND, which older converters write and
// newer ones leave where two convolutions share a map, become ones with dilations: the same sums
// of the same elements.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compile/lower/operators.hpp"
#include "compile/passes.hpp"
#include "ir/analysis.hpp"

namespace u65sim::compiler {

namespace {

using ir::OperatorIndex;

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

/// Along height and width.
struct Blocks {
    std::array<std::int64_t, 2> size{1, 1}, before{0, 0}, after{0, 0};
};

/// One convolution on its way back to the map's own rows and columns.
struct Window {
    OperatorIndex convolution = ir::no_operator;
    OperatorIndex squeeze = ir::no_operator;  ///< maps of one dimension: back to three axes
    OperatorIndex back = ir::no_operator;
};

class Dilator {
public:
    explicit Dilator(const Graph& graph)
        : graph_(graph), connections_(graph), is_output_(graph.tensors.size()) {
        for (const TensorId id : graph.outputs) is_output_[at(id)] = true;
    }

    /// The graph with dilations; null where there was nothing.
    std::shared_ptr<const Graph> run(std::vector<std::string>& lines) {
        for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
            if (graph_.operators[i].type != OpType::space_to_batch_nd) continue;
            if (!dilate(static_cast<OperatorIndex>(i))) continue;
            lines.push_back(
                fmt::format("SPACE_TO_BATCH_ND {}: a dilation", graph_.operators[i].name));
        }
        if (!copy_) return nullptr;
        std::size_t next = 0;
        std::erase_if(copy_->operators, [&](const Operator&) { return removed_[next++]; });
        return copy_;
    }

private:
    [[nodiscard]] const Operator& op(OperatorIndex index) const {
        return graph_.operators[at(index)];
    }
    [[nodiscard]] const Tensor& tensor(TensorId id) const { return graph_.tensors[at(id)]; }

    /// The only reader of what an operator makes; none where the network gives it away too.
    [[nodiscard]] OperatorIndex only_reader(OperatorIndex maker) const {
        const TensorId id = op(maker).outputs.at(0);
        const auto& readers = connections_.consumers_of(id);
        return readers.size() == 1 && !is_output_[at(id)] ? readers.front() : ir::no_operator;
    }

    /// What SPACE_TO_BATCH_ND or BATCH_TO_SPACE_ND is told, for maps of three or four axes.
    [[nodiscard]] std::optional<Blocks> blocks_of(const Operator& op, std::size_t rank) const {
        if ((rank != 3 && rank != 4) || op.inputs.size() < 3) return std::nullopt;
        for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
            if (op.inputs[i] < 0 || !is_parameter(tensor(op.inputs[i]))) return std::nullopt;
        }
        const auto sizes = integers(tensor(op.inputs[1])), edges = integers(tensor(op.inputs[2]));
        if (sizes.size() != rank - 2 || edges.size() != 2 * sizes.size()) return std::nullopt;
        Blocks blocks;
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            const std::size_t axis = i + 4 - rank;
            blocks.size[axis] = sizes[i];
            blocks.before[axis] = edges[2 * i];
            blocks.after[axis] = edges[2 * i + 1];
        }
        return blocks;
    }

    /// Whether an operator only adds or drops an axis of one in front of the columns.
    [[nodiscard]] bool adds_row(OperatorIndex index, bool drops) const {
        if (index == ir::no_operator) return false;
        const Operator& o = op(index);
        const bool renames =
            o.type == OpType::reshape || o.type == OpType::expand_dims || o.type == OpType::squeeze;
        if (!renames) return false;
        const Shape &in = tensor(o.inputs[0]).shape, &out = tensor(o.outputs[0]).shape;
        const Shape &flat = drops ? out : in, &tall = drops ? in : out;
        return flat.size() == 3 && tall == Shape{flat[0], 1, flat[1], flat[2]};
    }

    /// How a convolution's result comes back; nothing where it is none, or goes elsewhere.
    [[nodiscard]] std::optional<Window> window_of_reader(OperatorIndex index, bool flat) const {
        const OpType type = op(index).type;
        if (type != OpType::conv_2d && type != OpType::depthwise_conv_2d) return std::nullopt;
        const WindowAttributes window = compiler::window_of(op(index));
        if (window.padding != Padding::valid || window.stride_h != 1 || window.stride_w != 1) {
            return std::nullopt;
        }
        Window result{index, ir::no_operator, only_reader(index)};
        if (flat) {
            result.squeeze = result.back;
            if (!adds_row(result.squeeze, true)) return std::nullopt;
            result.back = only_reader(result.squeeze);
        }
        if (result.back == ir::no_operator || op(result.back).type != OpType::batch_to_space_nd) {
            return std::nullopt;
        }
        const Tensor& made = tensor(op(index).outputs[0]);
        const Tensor& last = tensor(op(result.back).outputs[0]);
        if (made.type != last.type || !same_quantization(made, last)) return std::nullopt;
        return result;
    }

    /// What must be padded where windows come back with such edges cut; nothing where their
    /// results have other places than those of a window with dilations.
    [[nodiscard]] std::optional<Blocks> padding_of(const Blocks& blocks, const Window& window,
                                                   const Shape& in) const {
        const Shape& out = tensor(op(window.back).outputs[0]).shape;
        const auto cut = blocks_of(op(window.back), out.size());
        const Shape& filter = tensor(op(window.convolution).inputs.at(1)).shape;
        if (!cut || cut->size != blocks.size || filter.size() != 4 || out[0] != 1) {
            return std::nullopt;
        }
        const WindowAttributes attributes = compiler::window_of(op(window.convolution));
        const std::array<std::int64_t, 2> dilations{attributes.dilation_h, attributes.dilation_w};
        Blocks result = blocks;
        for (std::size_t axis = 4 - in.size(); axis < 2; ++axis) {
            const std::size_t own = axis + in.size() - 3;
            result.before[axis] -= cut->before[axis];
            result.after[axis] -= cut->after[axis];
            const std::int64_t reach =
                (std::int64_t{filter[axis + 1]} - 1) * blocks.size[axis] * dilations[axis];
            if (result.before[axis] < 0 || result.after[axis] < 0 ||
                in[own] + result.before[axis] + result.after[axis] - reach != out[own]) {
                return std::nullopt;
            }
        }
        return result;
    }

    bool dilate(OperatorIndex index) {
        const Operator& space = op(index);
        const Tensor& from = tensor(space.inputs.at(0));
        const Tensor& blocked = tensor(space.outputs.at(0));
        const auto blocks = blocks_of(space, from.shape.size());
        if (!blocks || from.shape[0] != 1 || is_output_[at(space.outputs[0])]) return false;
        if (from.type != blocked.type || !same_quantization(from, blocked)) return false;
        const bool flat = from.shape.size() == 3;
        OperatorIndex expand = ir::no_operator;
        if (flat) {
            expand = only_reader(index);
            if (!adds_row(expand, false) || is_output_[at(op(expand).outputs[0])]) return false;
        }
        std::optional<Blocks> padding;
        std::vector<Window> windows;
        for (const OperatorIndex reader :
             connections_.consumers_of(op(flat ? expand : index).outputs[0])) {
            const auto window = window_of_reader(reader, flat);
            if (!window) return false;
            const auto own = padding_of(*blocks, *window, from.shape);
            if (!own ||
                (padding && (padding->before != own->before || padding->after != own->after))) {
                return false;
            }
            padding = own;
            windows.push_back(*window);
        }
        if (windows.empty()) return false;
        rewrite(index, expand, *padding, windows);
        return true;
    }

    TensorId add_numbers(const std::vector<std::int64_t>& values, const Shape& shape) {
        Tensor tensor;
        tensor.name = fmt::format("dilation/{}", copy_->tensors.size());
        tensor.shape = shape;
        tensor.type = ElementType::int32;
        std::vector<std::uint8_t> bytes;
        for (const std::int64_t value : values) {
            for (int k = 0; k < 4; ++k) {
                bytes.push_back(
                    static_cast<std::uint8_t>(static_cast<std::uint32_t>(value) >> 8 * k));
            }
        }
        tensor.data = ConstantData{std::move(bytes)};
        copy_->tensors.push_back(std::move(tensor));
        return static_cast<TensorId>(copy_->tensors.size() - 1);
    }

    void make_reshape(OperatorIndex index, TensorId from, const Shape& shape) {
        const std::vector<std::int64_t> extents(shape.begin(), shape.end());
        const TensorId numbers = add_numbers(extents, {static_cast<std::int32_t>(extents.size())});
        Operator& o = copy_->operators[at(index)];
        o.type = OpType::reshape;
        o.version = 1;
        o.inputs = {from, numbers};
        o.attributes = ReshapeAttributes{shape};
        copy_->tensors[at(o.outputs[0])].shape = shape;
    }

    /// The map with its padding, as which SPACE_TO_BATCH_ND remains where there is any.
    TensorId make_pad(OperatorIndex index, const Blocks& padding) {
        const TensorId from = op(index).inputs[0];
        if (padding.before == std::array<std::int64_t, 2>{} &&
            padding.after == std::array<std::int64_t, 2>{}) {
            removed_[at(index)] = true;
            return from;
        }
        Shape shape = tensor(from).shape;
        std::vector<std::int64_t> amounts(2 * shape.size());
        for (std::size_t axis = 1; axis + 1 < shape.size(); ++axis) {
            const std::size_t plane = axis + 3 - shape.size();
            amounts[2 * axis] = padding.before[plane];
            amounts[2 * axis + 1] = padding.after[plane];
            shape[axis] += static_cast<std::int32_t>(amounts[2 * axis] + amounts[2 * axis + 1]);
        }
        const TensorId numbers = add_numbers(amounts, {static_cast<std::int32_t>(shape.size()), 2});
        Operator& o = copy_->operators[at(index)];
        o.type = OpType::pad;
        o.version = 1;
        o.inputs = {from, numbers};
        o.attributes = {};
        copy_->tensors[at(o.outputs[0])].shape = shape;
        return o.outputs[0];
    }

    void rewrite(OperatorIndex index, OperatorIndex expand, const Blocks& padding,
                 const std::vector<Window>& windows) {
        if (!copy_) {
            copy_ = std::make_shared<Graph>(graph_);
            removed_.resize(graph_.operators.size());
        }
        TensorId map = make_pad(index, padding);
        if (expand != ir::no_operator) {
            const Shape flat = copy_->tensors[at(map)].shape;
            make_reshape(expand, map, {1, 1, flat[1], flat[2]});
            map = op(expand).outputs[0];
        }
        for (const Window& window : windows) {
            Operator& convolution = copy_->operators[at(window.convolution)];
            convolution.inputs[0] = map;
            auto attributes = compiler::window_of(convolution);
            attributes.dilation_h *= static_cast<std::int32_t>(padding.size[0]);
            attributes.dilation_w *= static_cast<std::int32_t>(padding.size[1]);
            convolution.attributes = attributes;
            const TensorId result = op(window.back).outputs[0];
            removed_[at(window.back)] = true;
            if (window.squeeze == ir::no_operator) {
                convolution.outputs[0] = result;
                continue;
            }
            const Shape flat = tensor(result).shape;
            copy_->tensors[at(convolution.outputs[0])].shape = {1, 1, flat[1], flat[2]};
            copy_->operators[at(window.squeeze)].outputs[0] = result;
            make_reshape(window.squeeze, convolution.outputs[0], flat);
        }
    }

    const Graph& graph_;
    ir::Connections connections_;
    std::vector<bool> is_output_;
    std::shared_ptr<Graph> copy_;
    std::vector<bool> removed_;
};

}  // namespace

void dilate_windows(Program& program) {
    // Vela leaves them to the CPU.
    if (!program.takes(Pass::fold_constants) || program.options.like_vela) return;
    auto dilated = Dilator{*program.graph}.run(program.folded);
    if (!dilated) return;
    verify(*dilated);
    program.folded_graph = std::move(dilated);
    program.graph = program.folded_graph.get();
}

}  // namespace u65sim::compiler
