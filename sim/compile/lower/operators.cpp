#include "compile/lower/operators.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <u65sim/error.hpp>

#include "compile/program.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::compiler {

std::optional<stream::DataType> data_type(ElementType type) {
    switch (type) {
        case ElementType::int8:
            return stream::DataType::s8;
        case ElementType::uint8:
            return stream::DataType::u8;
        case ElementType::int16:
            return stream::DataType::s16;
        case ElementType::int32:
            return stream::DataType::s32;
        default:
            return std::nullopt;
    }
}

bool is_8_bit(ElementType type) { return type == ElementType::int8 || type == ElementType::uint8; }

bool is_parameter(const Tensor& tensor) {
    return tensor.data && (tensor.type == ElementType::int32 || tensor.type == ElementType::int64);
}

namespace {

template <class T>
std::vector<std::int64_t> widen(const std::vector<std::uint8_t>& bytes) {
    std::vector<std::int64_t> values(bytes.size() / sizeof(T));
    for (std::size_t i = 0; i < values.size(); ++i) {
        T value;
        std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
        values[i] = static_cast<std::int64_t>(value);
    }
    return values;
}

bool is_constant(const Graph& graph, const Operator& op, std::size_t input) {
    return input < op.inputs.size() && op.inputs[input] >= 0 &&
           is_parameter(graph.tensors[static_cast<std::size_t>(op.inputs[input])]);
}

std::vector<std::int64_t> operand(const Graph& graph, const Operator& op, std::size_t input) {
    return integers(graph.tensors[static_cast<std::size_t>(op.inputs[input])]);
}

}  // namespace

std::vector<std::int64_t> integers(const Tensor& tensor) {
    if (!tensor.data) return {};
    const auto& bytes = tensor.data.bytes();
    switch (tensor.type) {
        case ElementType::int8:
            return widen<std::int8_t>(bytes);
        case ElementType::uint8:
        case ElementType::boolean:
            return widen<std::uint8_t>(bytes);
        case ElementType::int16:
            return widen<std::int16_t>(bytes);
        case ElementType::int32:
            return widen<std::int32_t>(bytes);
        case ElementType::int64:
            return widen<std::int64_t>(bytes);
        default:
            return {};
    }
}

std::vector<std::int64_t> pad_amounts(const Tensor& amounts) {
    auto result = integers(amounts);
    result.insert(result.begin(), 8 - result.size(), 0);
    return result;
}

std::int32_t zero_point(const Tensor& tensor) {
    const auto& points = tensor.quantization.zero_points;
    return points.empty() ? 0 : static_cast<std::int32_t>(points.front());
}

float scale(const Tensor& tensor) {
    return tensor.quantization.empty() ? 0.0F : tensor.quantization.scales.front();
}

bool same_quantization(const Tensor& a, const Tensor& b) {
    return scale(a) == scale(b) && zero_point(a) == zero_point(b);
}

WindowAttributes window_of(const Operator& op) {
    const auto* window = std::get_if<WindowAttributes>(&op.attributes);
    return window ? *window : WindowAttributes{};
}

Activation activation_of(const Operator& op) {
    if (const auto* a = std::get_if<WindowAttributes>(&op.attributes)) return a->activation;
    if (const auto* a = std::get_if<FullyConnectedAttributes>(&op.attributes)) return a->activation;
    if (const auto* a = std::get_if<ArithmeticAttributes>(&op.attributes)) return a->activation;
    if (const auto* a = std::get_if<AxisAttributes>(&op.attributes)) return a->activation;
    return Activation::none;
}

std::int32_t normalise_axis(std::int64_t axis, std::size_t rank) {
    return static_cast<std::int32_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
}

std::optional<std::vector<ir::SliceRange>> strided_ranges(const Graph& graph, const Operator& op) {
    const auto* masks = std::get_if<StridedSliceAttributes>(&op.attributes);
    if (masks == nullptr) return std::nullopt;
    for (const std::size_t i : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
        if (!is_constant(graph, op, i)) return std::nullopt;
    }
    const auto begins = operand(graph, op, 1), ends = operand(graph, op, 2),
               strides = operand(graph, op, 3);
    const Shape& in = graph.tensors[static_cast<std::size_t>(op.inputs.at(0))].shape;
    const ir::SliceEntries slice = ir::slice_entries(*masks, begins.size(), in.size());
    if (ends.size() != begins.size() || strides.size() != begins.size()) return std::nullopt;
    if (slice.named > in.size() || slice.axes > in.size()) return std::nullopt;
    std::vector<ir::SliceRange> ranges;
    for (const ir::SliceEntry& entry : slice.entries) {
        if (!entry.axis) continue;
        const std::int32_t extent = in[*entry.axis];
        const ir::SliceRange range = ir::slice_range(entry, extent, begins, ends, strides);
        if (range.count < 1 || range.first < 0 || range.first >= extent) return std::nullopt;
        ranges.push_back(range);
    }
    return ranges;
}

namespace {

SliceBox whole(const Shape& shape) {
    return {std::vector<std::int32_t>(shape.size(), 0), shape, 0};
}

/// Output `index` of SPLIT, SPLIT_V or UNPACK, which stand side by side along `axis`.
std::optional<SliceBox> part_along(const Graph& graph, const Operator& op, const Shape& in,
                                   std::int64_t axis, std::size_t index, std::int32_t position) {
    const std::int32_t normalised = normalise_axis(axis, in.size());
    if (normalised < 0 || static_cast<std::size_t>(normalised) >= in.size()) return std::nullopt;
    const auto a = static_cast<std::size_t>(normalised);
    const Tensor& output = graph.tensors[static_cast<std::size_t>(op.outputs[index])];
    SliceBox box = whole(in);
    box.size[a] = op.type == OpType::unpack ? 1 : output.shape.at(a);
    box.begin[a] = op.type == OpType::split_v
                       ? position
                       : static_cast<std::int32_t>(index) * box.size[a];  // equal parts
    box.next = box.begin[a] + box.size[a];
    return box;
}

std::optional<SliceBox> plain_slice(const Graph& graph, const Operator& op, const Shape& in) {
    if (!is_constant(graph, op, 1) || !is_constant(graph, op, 2)) return std::nullopt;
    const auto begin = operand(graph, op, 1);
    const auto size = operand(graph, op, 2);
    if (begin.size() != in.size() || size.size() != in.size()) return std::nullopt;
    SliceBox box = whole(in);
    for (std::size_t i = 0; i < in.size(); ++i) {
        box.begin[i] = static_cast<std::int32_t>(begin[i]);
        box.size[i] = size[i] < 0 ? in[i] - box.begin[i] : static_cast<std::int32_t>(size[i]);
    }
    return box;
}

/// STRIDED_SLICE that takes neighbours along each axis.
std::optional<SliceBox> strided_slice(const Graph& graph, const Operator& op, const Shape& in) {
    const auto ranges = strided_ranges(graph, op);
    if (!ranges) return std::nullopt;
    SliceBox box = whole(in);
    for (std::size_t axis = 0; axis < in.size(); ++axis) {
        const ir::SliceRange& range = (*ranges)[axis];
        if (range.step != 1) return std::nullopt;
        box.begin[axis] = static_cast<std::int32_t>(range.first);
        box.size[axis] = static_cast<std::int32_t>(range.count);
    }
    return box;
}

}  // namespace

std::optional<SliceBox> slice_box(const Graph& graph, const Operator& op, std::size_t index,
                                  std::int32_t position) {
    const ir::OperandRoles& roles = ir::info(op.type).operands;
    const auto map = static_cast<std::size_t>(op.inputs[static_cast<std::size_t>(roles.map)]);
    const Shape& in = graph.tensors[map].shape;
    if (op.type == OpType::slice) return plain_slice(graph, op, in);
    if (op.type == OpType::strided_slice) return strided_slice(graph, op, in);
    if (roles.axis == ir::no_operand) {
        const auto* attributes = std::get_if<AxisAttributes>(&op.attributes);
        return part_along(graph, op, in, attributes ? attributes->axis : 0, index, position);
    }
    const auto axis = static_cast<std::size_t>(roles.axis);
    if (!is_constant(graph, op, axis)) return std::nullopt;
    return part_along(graph, op, in, operand(graph, op, axis).at(0), index, position);
}

namespace {

/// Output axes of a transpose in order, without those of extent 1; neighbours that stay neighbours
/// are one.
struct MergedAxes {
    std::vector<std::pair<std::int64_t, std::int64_t>> groups;  ///< first input axis, extent

    /// Where each group of the output stands in the input.
    [[nodiscard]] std::vector<std::size_t> order() const {
        std::vector<std::size_t> result;
        for (const auto& group : groups) {
            const auto before = std::count_if(groups.begin(), groups.end(), [&](const auto& other) {
                return other.first < group.first;
            });
            result.push_back(static_cast<std::size_t>(before));
        }
        return result;
    }
};

std::optional<MergedAxes> merged_axes(const Shape& shape,
                                      const std::vector<std::int64_t>& permutation) {
    if (shape.size() != permutation.size()) return std::nullopt;
    MergedAxes merged;
    auto& groups = merged.groups;
    std::int64_t expected = -1;
    const auto rank = static_cast<std::int64_t>(shape.size());
    for (const auto axis : permutation) {
        if (axis < 0 || axis >= rank) return std::nullopt;
        const auto extent = shape[static_cast<std::size_t>(axis)];
        if (extent == 1) continue;
        if (!groups.empty() && axis == expected) {
            groups.back().second *= extent;
        } else {
            groups.emplace_back(axis, extent);
        }
        expected = axis + 1;
        while (expected < rank && shape[static_cast<std::size_t>(expected)] == 1) ++expected;
    }
    return merged;
}

}  // namespace

std::optional<std::vector<AxisSwap>> transpose_steps(const Shape& shape,
                                                     const std::vector<std::int64_t>& permutation) {
    auto merged = merged_axes(shape, permutation);
    if (!merged) return std::nullopt;
    auto& groups = merged->groups;
    const auto count = groups.size();
    if (count > 3) return std::nullopt;
    if (count < 2) groups.resize(1, {0, 1});
    const std::vector<std::size_t> order = merged->order();
    std::vector<std::int64_t> in(groups.size());  // the input's extents in order
    for (std::size_t i = 0; i < groups.size(); ++i) in[order[i]] = groups[i].second;
    std::vector<AxisSwap> steps;
    bool fits = true;
    const auto swap = [&](std::int64_t outer, std::int64_t inner, std::int64_t rest) {
        fits = fits && outer <= 65535 && inner <= 65535 && rest <= 65535;
        if (fits) {
            steps.push_back({static_cast<std::int32_t>(outer), static_cast<std::int32_t>(inner),
                             static_cast<std::int32_t>(rest)});
        }
    };
    if (count < 2) {
        swap(1, 1, in[0]);
    } else if (count == 2) {
        swap(in[0], in[1], 1);
    } else if (order[0] == 1) {  // 1 0 2
        swap(in[0], in[1], in[2]);
    } else if (order[0] == 0) {  // 0 2 1: the last axis to the front, then behind the first
        swap(in[0] * in[1], in[2], 1);
        swap(in[2], in[0], in[1]);
    } else {  // 2 1 0: the first two, then the last to the front
        swap(in[0], in[1], in[2]);
        swap(in[0] * in[1], in[2], 1);
    }
    return fits ? std::optional{steps} : std::nullopt;
}

std::optional<BatchedSwap> swap_in_rows(const Shape& shape,
                                        const std::vector<std::int64_t>& permutation) {
    constexpr std::int64_t most_rows = 64, most = 65535;
    const auto merged = merged_axes(shape, permutation);
    if (!merged || merged->order() != std::vector<std::size_t>{0, 2, 1, 3}) return std::nullopt;
    const auto extent = [&](std::size_t i) { return merged->groups[i].second; };
    const std::int64_t rows = extent(0), outer = extent(2), inner = extent(1), rest = extent(3);
    if (rows > most_rows || rows * outer > most || rows * inner > most || rest > most) {
        return std::nullopt;
    }
    const auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
    return BatchedSwap{narrow(rows), {narrow(outer), narrow(inner), narrow(rest)}};
}

std::optional<BatchedSwap> batched_swap(const std::vector<AxisSwap>& steps) {
    // The last axis goes to the front, then behind the first.
    if (steps.size() != 2 || steps[0].rest != 1) return std::nullopt;
    return BatchedSwap{steps[1].inner, {steps[1].rest, steps[1].outer, 1}};
}

std::optional<std::int32_t> resize_factor(const Shape& input, const Shape& output,
                                          const ResizeAttributes& form) {
    const auto size = [&](std::int32_t n, std::int32_t factor) {
        return form.align_corners ? (std::int64_t{n} - 1) * factor + 1 : std::int64_t{n} * factor;
    };
    for (const std::int32_t factor : {1, 2, 4, 8}) {
        if (output[1] == size(input[1], factor) && output[2] == size(input[2], factor)) {
            return factor;
        }
    }
    return std::nullopt;
}

std::int32_t folded_columns(const Operator& op, const Tensor& input, const Tensor& filter,
                            const Tensor& output, std::int32_t before) {
    const WindowAttributes window = window_of(op);
    const std::int32_t stride = window.stride_w;
    const std::int32_t width = extent_of(input.shape).w;
    const std::int32_t depth = extent_of(input.shape).c;
    const std::int32_t outputs = output.shape[2];
    const bool splits =
        op.type != OpType::conv_2d || window.dilation_w != 1 || filter.shape[3] != depth;
    if (splits || stride == 1 || outputs == 1) return 1;
    // Columns behind the last whole group must not be needed.
    const std::int32_t needed = std::min((outputs - 1) * stride + filter.shape[2] - before, width);
    const auto folds = [&](std::int32_t fold) { return width / fold * fold >= needed; };
    if (stride > 3) {
        for (const std::int32_t rest : {1, 2, 3}) {
            if (stride % rest == 0 && folds(stride / rest)) return stride / rest;
        }
        return 1;
    }
    // The array takes 8 channels of 4 (8 bits) or 2 (16 bits) window elements at a time.
    constexpr std::int32_t lanes = 8;
    if (depth * stride > lanes || !folds(stride)) return 1;
    const std::int32_t at_once = element_bytes(input.type) == 2 ? 2 : 4;
    const auto steps = [&](std::int32_t columns) {
        return (filter.shape[1] * columns + at_once - 1) / at_once;
    };
    const std::int32_t lead = (before + stride - 1) / stride * stride - before;
    const std::int32_t columns = (filter.shape[2] + lead + stride - 1) / stride;
    return steps(columns) < steps(filter.shape[2]) ? stride : 1;
}

std::vector<AxisPiece> axis_pieces(std::int32_t input, std::int32_t output, std::int32_t reach,
                                   std::int32_t stride, std::int32_t before, std::int32_t after) {
    if (stride <= 3 || output == 1) return {{0, output, 0, input, before, after}};
    std::vector<AxisPiece> pieces;
    for (std::int32_t i = 0; i < output; ++i) {
        const std::int32_t from = i * stride - before;
        const std::int32_t first = std::max(from, 0);
        const std::int32_t last = std::min(from + reach, input);
        pieces.push_back({i, 1, first, last - first, first - from, from + reach - last});
    }
    return pieces;
}

std::vector<AxisPiece> row_pieces(std::int32_t batches, std::int32_t input, std::int32_t output,
                                  std::int32_t reach, std::int32_t stride, std::int32_t before,
                                  std::int32_t after) {
    const std::int32_t inputs = input / batches, outputs = output / batches;
    const auto pieces = axis_pieces(inputs, outputs, reach, stride, before, after);
    std::vector<AxisPiece> result;
    for (std::int32_t batch = 0; batch < batches; ++batch) {
        for (AxisPiece piece : pieces) {
            piece.input += batch * inputs;
            piece.output += batch * outputs;
            result.push_back(piece);
        }
    }
    return result;
}

std::int32_t batches_of(const Tensor& map) { return map.shape.size() == 4 ? map.shape[0] : 1; }

ReducedAxes reduced_axes(const Graph& graph, const Operator& op) {
    ReducedAxes axes;
    if (!is_constant(graph, op, 1)) return axes;
    const auto rank = graph.tensors[static_cast<std::size_t>(op.inputs[0])].shape.size();
    for (const auto raw : operand(graph, op, 1)) {
        switch (static_cast<std::int32_t>(rank) - normalise_axis(raw, rank)) {
            case 1:
                axes.c = true;
                break;
            case 2:
                axes.w = true;
                break;
            case 3:
                axes.h = true;
                break;
            case 4:
                axes.n = true;
                break;
            default:
                return {};
        }
    }
    return axes;
}

AxisPadding axis_padding(Padding padding, std::int32_t input, std::int32_t kernel,
                         std::int32_t stride) {
    if (padding == Padding::valid) return {};
    const std::int32_t rest = input % stride;
    const std::int32_t total = std::max(kernel - (rest == 0 ? stride : rest), 0);
    return {total / 2, total - total / 2};
}

}  // namespace u65sim::compiler
