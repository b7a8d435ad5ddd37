#include "bound/needed.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>
#include <variant>

#include "ir/constants.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::bound {

using ir::Family;

namespace {

const Tensor& tensor_of(const Graph& graph, TensorId id) {
    return graph.tensors[static_cast<std::size_t>(id)];
}
const Shape& shape_of(const Graph& graph, TensorId id) { return tensor_of(graph, id).shape; }

/// Padding in front of rows and columns; none where it is not known.
std::optional<std::array<std::int32_t, 2>> padding_before(const Graph& graph, const Operator& op) {
    const auto amounts = ir::constant_integers(graph, op.inputs[1]);
    if (!amounts || amounts->size() != 8) return std::nullopt;
    return std::array{static_cast<std::int32_t>((*amounts)[2]),
                      static_cast<std::int32_t>((*amounts)[4])};
}

/// Part of one axis that a SLICE or STRIDED_SLICE takes, whole along all others.
struct Cut {
    std::size_t axis = 0;
    std::int64_t begin = 0, end = 0;
};
std::optional<Cut> cut_of(const Graph& graph, const Operator& op) {
    if (op.type != OpType::slice && op.type != OpType::strided_slice) return std::nullopt;
    const Shape& in = shape_of(graph, op.inputs[0]);
    const Shape& out = shape_of(graph, op.outputs.front());
    const auto begins = ir::constant_integers(graph, op.inputs[1]);
    if (!begins || in.size() != out.size() || begins->size() != in.size()) return std::nullopt;
    std::vector<std::int64_t> first = *begins;
    if (const auto* masks = std::get_if<StridedSliceAttributes>(&op.attributes)) {
        const auto strides = ir::constant_integers(graph, op.inputs[3]);
        const bool is_plain = masks->ellipsis_mask == 0 && masks->new_axis_mask == 0 &&
                              masks->shrink_axis_mask == 0 && strides &&
                              std::all_of(strides->begin(), strides->end(),
                                          [](std::int64_t stride) { return stride == 1; });
        if (!is_plain) return std::nullopt;
        for (std::size_t i = 0; i < first.size(); ++i) {
            if ((masks->begin_mask >> i & 1) != 0) first[i] = 0;
            if (first[i] < 0) first[i] += in[i];
        }
    }
    std::optional<Cut> cut;
    for (std::size_t i = 0; i < in.size(); ++i) {
        if (in[i] == out[i]) continue;
        if (cut) return std::nullopt;
        cut = Cut{i, first[i], first[i] + out[i]};
    }
    return cut;
}

/// Cuts of one tensor along one axis, and whether they leave nothing of it out.
class Cuts {
public:
    bool add_and_cover(const Cut& cut, const Shape& shape) {
        auto& spans = by_axis_[cut.axis];
        spans.emplace_back(cut.begin, cut.end);
        std::sort(spans.begin(), spans.end());
        std::int64_t reached = 0;
        for (const auto& [begin, end] : spans) {
            if (begin > reached) return false;
            reached = std::max(reached, end);
        }
        return reached >= shape[cut.axis];
    }

private:
    std::map<std::size_t, std::vector<std::pair<std::int64_t, std::int64_t>>> by_axis_;
};

Range common(const Range& a, const Range& b) {
    if (a == b) return a;
    if (a.step != 1 || b.step != 1) return {};
    return {std::max(a.begin, b.begin), std::min(a.end, b.end)};
}

/// The places `by` earlier, none in front of the map or behind it.
Range moved(const Range& range, std::int32_t by, std::int32_t limit) {
    std::int32_t begin = range.begin - by;
    if (begin < 0) begin += (-begin + range.step - 1) / range.step * range.step;
    return {begin, std::min(range.end - by, limit), range.step, range.run};
}

/// Of operators whose elements come from those in their places: an operand's part of `output`.
Region in_place(const Shape& operand, const Region& output) {
    if (operand.size() != 4) return {};
    const auto along = [](std::int32_t extent, const Range& range) {
        return extent == 1 && range.size() > 0 ? Range{0, 1} : range;
    };
    return {along(operand[1], output.rows), along(operand[2], output.columns)};
}

bool joins_channels(const Graph& graph, const Operator& op, TensorId map) {
    const auto* axis = std::get_if<AxisAttributes>(&op.attributes);
    return axis != nullptr && shape_of(graph, map).size() == 4 &&
           (axis->axis == 3 || axis->axis == -1);
}

/// Whether all of the operands is needed where all results are.
bool needs_all_for_all(const Graph& graph, const Operator& op, std::size_t input) {
    switch (ir::info(op.type).family) {
        case Family::part:
        case Family::resize: {
            std::int64_t results = 0;
            for (const TensorId output : op.outputs) results += elements_of(graph, output);
            return results >= elements_of(graph, op.inputs[input]);
        }
        case Family::convolution:
            return op.type == OpType::fully_connected || op.type == OpType::transpose_conv;
        case Family::movement:
        case Family::joining:
        case Family::reshape:
        case Family::clamp:
        case Family::curve:
        case Family::pointwise:
        case Family::arithmetic:
        case Family::reduction:
        case Family::normalization:
        case Family::product:
            return true;
        default:
            return false;
    }
}

}  // namespace

std::int64_t elements_of(const Graph& graph, TensorId id) {
    const Shape& shape = shape_of(graph, id);
    const bool known = std::all_of(shape.begin(), shape.end(), [](auto n) { return n > 0; });
    return known ? element_count(shape) : 0;
}

Region whole(const Shape& shape) {
    if (shape.size() != 4) return {{0, 1}, {0, 1}};
    return {{0, shape[1]}, {0, shape[2]}};
}

std::optional<std::array<Axis, 2>> axes_of(const Graph& graph, const Operator& op) {
    const auto* window = std::get_if<WindowAttributes>(&op.attributes);
    const auto& roles = ir::info(op.type).operands;
    if (window == nullptr || op.outputs.empty()) return std::nullopt;
    const Shape& in = shape_of(graph, op.inputs[static_cast<std::size_t>(roles.map)]);
    const Shape& out = shape_of(graph, op.outputs.front());
    if (in.size() != 4 || out.size() != 4) return std::nullopt;
    if (std::min(in[1], in[2]) <= 0 || std::min(out[1], out[2]) <= 0) return std::nullopt;
    std::array<Axis, 2> axes;
    for (const std::size_t k : {0U, 1U}) {
        Axis& axis = axes[k];
        axis.input = in[1 + k];
        axis.output = out[1 + k];
        axis.kernel = k == 0 ? window->filter_h : window->filter_w;
        if (roles.weights >= 0) {
            const Shape& filter =
                shape_of(graph, op.inputs[static_cast<std::size_t>(roles.weights)]);
            if (filter.size() != 4) return std::nullopt;
            axis.kernel = filter[1 + k];
        }
        axis.stride = k == 0 ? window->stride_h : window->stride_w;
        axis.dilation = k == 0 ? window->dilation_h : window->dilation_w;
        if (op.type == OpType::transpose_conv) {  // inputs are spread over the outputs
            std::swap(axis.input, axis.output);
            axis.dilation = 1;
        }
        if (window->padding == Padding::same) axis.pad = same_padding(axis);
    }
    return axes;
}

Region needed_of(const Graph& graph, const Operator& op, std::size_t input, const Region& output) {
    if (output.area() == 0 || op.outputs.empty()) return {};
    const Shape& shape = shape_of(graph, op.inputs[input]);
    const bool for_all = output == whole(shape_of(graph, op.outputs.front()));
    const auto all_or_none = [&] {
        return for_all && needs_all_for_all(graph, op, input) ? whole(shape) : Region{};
    };
    switch (ir::info(op.type).family) {
        case Family::convolution:
        case Family::pool: {
            const auto axes = axes_of(graph, op);
            const bool slides = op.type != OpType::transpose_conv && axes.has_value();
            if (!slides || input != 0) return all_or_none();
            return {needed_inputs((*axes)[0], output.rows),
                    needed_inputs((*axes)[1], output.columns)};
        }
        case Family::clamp:
        case Family::curve:
        case Family::pointwise:
        case Family::arithmetic:
            return for_all ? all_or_none() : in_place(shape, output);
        case Family::joining:
        case Family::part:
            if (op.type == OpType::concatenation || op.type == OpType::split) {
                if (joins_channels(graph, op, op.inputs[input])) return output;
            }
            return all_or_none();
        case Family::movement:
            if (op.type == OpType::pad && input == 0 && shape.size() == 4) {
                const auto before = padding_before(graph, op);
                if (!before) return all_or_none();
                return {moved(output.rows, (*before)[0], shape[1]),
                        moved(output.columns, (*before)[1], shape[2])};
            }
            return all_or_none();
        default:
            return all_or_none();
    }
}

std::vector<Region> needed_regions(const Graph& graph, const std::vector<ir::OperatorIndex>& order,
                                   const std::vector<bool>& on_cpu) {
    std::vector<Region> needed(graph.tensors.size());
    const auto at = [&](TensorId id) -> Region& { return needed[static_cast<std::size_t>(id)]; };
    std::map<TensorId, Cuts> cuts;
    for (const TensorId output : graph.outputs) at(output) = whole(shape_of(graph, output));
    for (auto next = order.rbegin(); next != order.rend(); ++next) {
        const auto index = static_cast<std::size_t>(*next);
        const Operator& op = graph.operators[index];
        Region results = op.outputs.empty() ? Region{} : at(op.outputs.front());
        for (const TensorId output : op.outputs) {
            results = {common(results.rows, at(output).rows),
                       common(results.columns, at(output).columns)};
        }
        for (std::size_t i = 0; i < op.inputs.size(); ++i) {
            const TensorId input = op.inputs[i];
            if (input == no_tensor) continue;
            const Region part =
                on_cpu[index] ? whole(shape_of(graph, input)) : needed_of(graph, op, i, results);
            if (part.area() > at(input).area()) at(input) = part;
            if (i != 0 || on_cpu[index]) continue;
            const auto cut = cut_of(graph, op);
            const bool is_taken = cut && results == whole(shape_of(graph, op.outputs.front()));
            if (is_taken && cuts[input].add_and_cover(*cut, shape_of(graph, input))) {
                at(input) = whole(shape_of(graph, input));
            }
        }
    }
    return needed;
}

}  // namespace u65sim::bound
