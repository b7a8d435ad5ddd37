#include "transform/channels.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "ir/constants.hpp"
#include "ir/operator_info.hpp"
#include "transform/weights_of.hpp"

namespace u65sim::transform {

Channels::Channels(const Graph& graph, const std::vector<std::string>& keep)
    : graph_(graph), connections_(graph), layouts_(graph.tensors.size()) {
    for (const TensorId input : graph.inputs) own(input, true);
    for (std::size_t op = 0; op < graph.operators.size(); ++op) visit(op);
    for (const TensorId output : graph.outputs) fix(layout_of(output));
    for (const std::string& name : keep) {
        const auto found = std::find_if(graph.operators.begin(), graph.operators.end(),
                                        [&](const Operator& op) { return op.name == name; });
        if (found == graph.operators.end()) {
            throw InvalidModel(fmt::format("keep {}: is no operator of {}", name, graph.name));
        }
        for (const TensorId output : found->outputs) fix(layout_of(output));
    }
    // A group's properties stand at its root; every member repeats them.
    for (std::size_t at = 0; at < groups_.size(); ++at) {
        const std::size_t top = root(at);
        if (top == at) continue;
        groups_[top].fixed |= groups_[at].fixed;
        groups_[top].makers.insert(groups_[top].makers.end(), groups_[at].makers.begin(),
                                   groups_[at].makers.end());
    }
    for (std::size_t at = 0; at < groups_.size(); ++at) groups_[at] = groups_[root(at)];
}

std::size_t Channels::root(std::size_t group) const {
    while (parents_[group] != group) group = parents_[group] = parents_[parents_[group]];
    return group;
}

std::size_t Channels::add_group(std::int32_t size, bool fixed) {
    groups_.push_back({size, fixed || size <= 1, {}});
    parents_.push_back(parents_.size());
    return groups_.size() - 1;
}

void Channels::fix(const Layout& layout) {
    for (const std::size_t part : layout.parts) groups_[root(part)].fixed = true;
}

const Tensor& Channels::tensor(TensorId id) const {
    return graph_.tensors[static_cast<std::size_t>(id)];
}

bool Channels::is_map(TensorId id) const {
    return id != no_tensor && !tensor(id).data && !tensor(id).shape.empty();
}

Channels::Layout Channels::own(TensorId id, bool fixed) {
    const Shape& shape = tensor(id).shape;
    Layout layout{{add_group(shape.empty() ? 1 : shape.back(), fixed)}, 1};
    layouts_[static_cast<std::size_t>(id)] = layout;
    return layout;
}

const Channels::Layout& Channels::layout_of(TensorId id) {
    auto& layout = layouts_[static_cast<std::size_t>(id)];
    if (!layout) own(id, true);
    return *layout;
}

void Channels::fix_operands(const Operator& op) {
    for (const TensorId id : op.inputs) {
        if (id != no_tensor) fix(layout_of(id));
    }
}

Channels::Layout Channels::merged(const Layout& left, const Layout& right, TensorId output) {
    const auto same_sizes = [&] {
        if (left.outer != right.outer || left.parts.size() != right.parts.size()) return false;
        for (std::size_t at = 0; at < left.parts.size(); ++at) {
            if (groups_[left.parts[at]].size != groups_[right.parts[at]].size) return false;
        }
        return true;
    };
    if (!same_sizes()) {
        fix(left);
        fix(right);
        return own(output, true);
    }
    for (std::size_t at = 0; at < left.parts.size(); ++at) {
        const std::size_t a = root(left.parts[at]);
        const std::size_t b = root(right.parts[at]);
        if (a == b) continue;
        parents_[b] = a;
        groups_[a].fixed |= groups_[b].fixed;
    }
    return left;
}

void Channels::visit_weighted(std::size_t index) {
    const Operator& op = graph_.operators[index];
    const TensorId map = op.inputs.at(map_operand(op));
    const TensorId output = op.outputs.at(0);
    const auto weights = weights_of(graph_, op);
    if (!weights || connections_.consumers_of(*weights).size() > 1) {
        fix_operands(op);
        own(output, true);
        return;
    }
    if (op.type == OpType::depthwise_conv_2d) {
        const bool is_plain = std::get<WindowAttributes>(op.attributes).depth_multiplier == 1 &&
                              layout_of(map).outer == 1;
        if (is_plain) {
            layouts_[static_cast<std::size_t>(output)] = layout_of(map);
            return;
        }
        fix(layout_of(map));
        own(output, true);
        return;
    }
    const Layout input = layout_of(map);
    if (op.type == OpType::fully_connected) {
        const std::int32_t row = tensor(*weights).shape[1];
        const std::int32_t last = tensor(map).shape.back();
        if (last == 0 || row % last != 0) fix(input);
    } else if (input.outer != 1) {
        fix(input);
    }
    const Layout made = own(output, false);
    groups_[made.parts.front()].makers.push_back(index);
}

Channels::Layout Channels::elementwise(const Operator& op) {
    const TensorId output = op.outputs.at(0);
    const std::int32_t last = tensor(output).shape.empty() ? 1 : tensor(output).shape.back();
    std::optional<Layout> layout;
    for (const TensorId id : op.inputs) {
        if (!is_map(id) || tensor(id).shape.back() != last) continue;
        layout = layout ? merged(*layout, layout_of(id), output) : layout_of(id);
    }
    if (!layout) return own(output, true);
    for (const TensorId id : op.inputs) {
        if (id == no_tensor || !tensor(id).data || tensor(id).shape.empty()) continue;
        if (tensor(id).shape.back() == last && last > 1) {
            layouts_[static_cast<std::size_t>(id)] = layout;  // a constant for each channel
        }
    }
    return *layout;
}

Channels::Layout Channels::concatenated(const Operator& op) {
    const TensorId output = op.outputs.at(0);
    const auto rank = static_cast<std::int32_t>(tensor(output).shape.size());
    const std::int32_t axis = std::get<AxisAttributes>(op.attributes).axis;
    const bool along_channels = axis == rank - 1 || axis == -1;
    std::optional<Layout> layout;
    for (const TensorId id : op.inputs) {
        const Layout part = layout_of(id);
        if (!layout) {
            layout = part;
        } else if (!along_channels) {
            layout = merged(*layout, part, output);
        } else {
            layout->parts.insert(layout->parts.end(), part.parts.begin(), part.parts.end());
        }
        if (along_channels && part.outer != 1) {
            fix_operands(op);
            return own(output, true);
        }
    }
    return *layout;
}

std::optional<Channels::Layout> Channels::reshaped(const Operator& op) {
    const Shape& before = tensor(op.inputs.at(0)).shape;
    const Shape& after = tensor(op.outputs.at(0)).shape;
    if (before.empty() || after.empty()) return std::nullopt;
    Layout layout = layout_of(op.inputs.at(0));
    if (before.back() == after.back()) return layout;
    if (after.back() % before.back() == 0) {
        // Flattened: whole rows of channels come one behind the other.
        std::int64_t trailing = 1;
        for (auto at = before.rbegin(); at != before.rend() && trailing < after.back(); ++at) {
            trailing *= *at;
        }
        if (trailing != after.back()) return std::nullopt;
        layout.outer *= after.back() / before.back();
        return layout;
    }
    if (before.back() % after.back() == 0 && layout.outer % (before.back() / after.back()) == 0) {
        layout.outer /= before.back() / after.back();
        return layout;
    }
    return std::nullopt;
}

bool Channels::keeps_channels(const Operator& op) const {
    const auto last_axis = static_cast<std::int64_t>(tensor(op.inputs.at(0)).shape.size()) - 1;
    const ir::Family family = ir::info(op.type).family;
    if (ir::is_pointwise(op.type) || family == ir::Family::pool || family == ir::Family::resize ||
        op.type == OpType::softmax) {
        return true;
    }
    if (family == ir::Family::reduction) {
        const auto axes = ir::constant_integers(graph_, op.inputs.at(1));
        return axes && std::none_of(axes->begin(), axes->end(), [&](std::int64_t axis) {
                   return axis == last_axis || axis == -1;
               });
    }
    if (op.type == OpType::pad || op.type == OpType::mirror_pad) {
        const auto pads = ir::constant_integers(graph_, op.inputs.at(1));
        return pads && pads->size() >= 2 && pads->back() == 0 && (*pads)[pads->size() - 2] == 0;
    }
    if (op.type == OpType::transpose) {
        const auto order = ir::constant_integers(graph_, op.inputs.at(1));
        return order && !order->empty() && order->back() == last_axis;
    }
    return false;
}

void Channels::visit(std::size_t index) {
    const Operator& op = graph_.operators[index];
    std::optional<Layout> result;
    const ir::Family family = ir::info(op.type).family;
    if (family == ir::Family::convolution) {
        visit_weighted(index);
        return;
    }
    if (family == ir::Family::arithmetic) {
        result = elementwise(op);
    } else if (op.type == OpType::concatenation) {
        result = concatenated(op);
    } else if (family == ir::Family::reshape) {
        result = reshaped(op);
    } else if (!op.inputs.empty() && op.inputs[0] != no_tensor && keeps_channels(op)) {
        result = layout_of(op.inputs[0]);
    }
    if (result && op.outputs.size() == 1) {
        layouts_[static_cast<std::size_t>(op.outputs[0])] = result;
        return;
    }
    fix_operands(op);
    for (const TensorId output : op.outputs) own(output, true);
}

std::vector<std::int32_t> Channels::expanded(
    const Layout& layout, const std::vector<std::vector<std::int32_t>>& picks) const {
    std::int32_t period = 0;
    for (const std::size_t part : layout.parts) period += groups_[part].size;
    std::vector<std::int32_t> all;
    for (std::int32_t block = 0; block < layout.outer; ++block) {
        std::int32_t base = block * period;
        for (const std::size_t part : layout.parts) {
            for (const std::int32_t pick : picks[root(part)]) all.push_back(base + pick);
            base += groups_[part].size;
        }
    }
    return all;
}

Graph Channels::rebuilt(const std::vector<std::vector<std::int32_t>>& picks) const {
    Graph result = graph_;
    const auto changed = [&](TensorId id) {
        return result.tensors.data() + static_cast<std::size_t>(id);
    };
    for (std::size_t id = 0; id < layouts_.size(); ++id) {
        Tensor& each = result.tensors[id];
        if (!layouts_[id] || each.shape.empty() || each.shape.back() <= 1) continue;
        pick_slices(each, each.shape.size() - 1, expanded(*layouts_[id], picks));
    }
    for (Operator& op : result.operators) {
        const Shape& shape = changed(op.outputs.at(0))->shape;
        if (op.type == OpType::reshape) {
            std::get<ReshapeAttributes>(op.attributes).new_shape = shape;
        }
        const bool has_shape_operand =
            (op.type == OpType::reshape && op.inputs.size() > 1 && op.inputs[1] != no_tensor) ||
            op.type == OpType::transpose_conv;
        if (has_shape_operand) {
            const std::size_t at = op.type == OpType::reshape ? 1 : 0;
            Tensor stated = *changed(op.inputs[at]);
            stated.name = fmt::format("{}/shape_of_{}", stated.name, result.tensors.size());
            stated.type = ElementType::int32;
            stated.data = ir::int32_data(shape);
            op.inputs[at] = static_cast<TensorId>(result.tensors.size());
            result.tensors.push_back(std::move(stated));
        }
        const auto weights = weights_of(result, op);
        if (!weights) continue;
        const auto& out = *layouts_[static_cast<std::size_t>(op.outputs[0])];
        pick_slices(*changed(*weights), output_axis(op), expanded(out, picks));
        const std::size_t bias = bias_operand(op);
        if (bias < op.inputs.size() && op.inputs[bias] != no_tensor) {
            pick_slices(*changed(op.inputs[bias]), 0, expanded(out, picks));
        }
        if (op.type == OpType::depthwise_conv_2d) continue;
        const TensorId map = op.inputs[map_operand(op)];
        Layout in = *layouts_[static_cast<std::size_t>(map)];
        const std::int32_t wide = changed(*weights)->shape.back();
        std::int32_t period = 0;
        for (const std::size_t part : in.parts) period += groups_[part].size;
        // A fully connected layer may read several rows of channels as one.
        in.outer = wide / period;
        pick_slices(*changed(*weights), changed(*weights)->shape.size() - 1, expanded(in, picks));
    }
    verify(result);
    return result;
}

}  // namespace u65sim::transform
