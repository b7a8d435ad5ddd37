// CPU operators that only move elements: any element type, byte for byte.
#include <algorithm>
#include <cmath>
#include <list>
#include <numeric>

#include <fmt/format.h>

#include "arith/cpu_kernel_table.hpp"
#include "ir/slice_entries.hpp"

namespace u65sim::arith {
namespace {

using Extents = std::vector<std::int64_t>;

Extents extents_of(const Tensor& tensor) { return {tensor.shape.begin(), tensor.shape.end()}; }

/// Elements between neighbours along each dimension.
Extents strides_of(const Extents& extents) {
    Extents strides(extents.size(), 1);
    for (std::size_t i = extents.size(); i-- > 1;) strides[i - 1] = strides[i] * extents[i];
    return strides;
}

/// Calls visit(index, linear position) for every index of `extents` in order.
template <class Visit>
void for_each_index(const Extents& extents, Visit visit) {
    const std::int64_t count =
        std::accumulate(extents.begin(), extents.end(), std::int64_t{1}, std::multiplies<>{});
    Extents index(extents.size(), 0);
    for (std::int64_t position = 0; position < count; ++position) {
        visit(index, position);
        for (std::size_t i = extents.size(); i-- > 0;) {
            if (++index[i] < extents[i]) break;
            index[i] = 0;
        }
    }
}

/// Builds an output by asking where in the input each of its elements comes from (-1: fill).
template <class Source>
CpuBytes rearrange(const CpuCall& call, const CpuOperand& input, const Tensor& output,
                   Source source, std::span<const std::uint8_t> fill = {}) {
    const std::size_t size = bytes_of_element(output);
    if (size != bytes_of_element(*input.tensor)) call.invalid("element types differ");
    const auto available = static_cast<std::int64_t>(input.bytes.size() / size);
    CpuBytes result(static_cast<std::size_t>(elements(output)) * size);
    for_each_index(extents_of(output), [&](const Extents& index, std::int64_t position) {
        const std::int64_t from = source(index);
        std::uint8_t* to = result.data() + static_cast<std::size_t>(position) * size;
        if (from < 0 && fill.size() == size) {
            std::memcpy(to, fill.data(), size);
        } else if (from >= 0 && from < available) {
            std::memcpy(to, input.bytes.data() + static_cast<std::size_t>(from) * size, size);
        } else {
            call.invalid("the output's shape disagrees with the operands");
        }
    });
    return result;
}

void require_rank(const CpuCall& call, std::size_t have, std::size_t want) {
    if (have != want) {
        call.invalid(fmt::format("a list of {} entries for {} dimensions", have, want));
    }
}

CpuBytes zero_point_element(const CpuCall& call, const Tensor& tensor) {
    const std::int64_t zero =
        tensor.quantization.zero_points.empty() ? 0 : tensor.quantization.zero_points.front();
    if (tensor.type == ElementType::float32) return CpuBytes(sizeof(float), 0);
    return store_raw(call, tensor.type, std::span{&zero, 1});
}

/// Reads `part.shape[axis]` slices of `whole` from `start` on.
CpuBytes take_slices(const CpuCall& call, const CpuOperand& whole, const Tensor& part,
                     std::size_t axis, std::int64_t start, bool axis_removed) {
    const Extents strides = strides_of(extents_of(*whole.tensor));
    return rearrange(call, whole, part, [&](const Extents& index) {
        std::int64_t from = start * strides[axis];
        for (std::size_t i = 0; i < index.size(); ++i) {
            const std::size_t dimension = axis_removed && i >= axis ? i + 1 : i;
            from += dimension < strides.size() ? index[i] * strides[dimension] : 0;
        }
        return from;
    });
}

// The inputs behind each other on the output's axis; packing is the same on a new axis.
CpuResults joined_on_axis(const CpuCall& call) {
    const Tensor& output = call.output();
    const std::size_t axis =
        normalised_axis(call, call.attributes<AxisAttributes>().axis, output.shape.size());
    std::int64_t outer = 1;
    for (std::size_t i = 0; i < axis; ++i) outer *= output.shape[i];
    if (outer <= 0) call.invalid("an empty tensor");
    CpuBytes result;
    for (std::int64_t i = 0; i < outer; ++i) {
        for (std::size_t k = 0; k < call.inputs.size(); ++k) {
            const auto bytes = call.input(k).bytes;
            const auto part = static_cast<std::ptrdiff_t>(bytes.size()) / outer;
            result.insert(result.end(), bytes.begin() + i * part, bytes.begin() + (i + 1) * part);
        }
    }
    return {result};
}

}  // namespace

CpuResults cpu_shape(const CpuCall& call) {
    std::vector<std::int64_t> extents;
    for (const std::int32_t extent : call.input(0).tensor->shape) extents.push_back(extent);
    return {store_raw(call, call.output().type, extents)};
}

CpuResults cpu_reshape(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    return {CpuBytes(input.bytes.begin(), input.bytes.end())};
}

CpuResults cpu_transpose(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const auto order = integers(call, 1);
    const Extents strides = strides_of(extents_of(*input.tensor));
    require_rank(call, order.size(), strides.size());
    require_rank(call, call.output().shape.size(), strides.size());
    std::vector<std::size_t> axes;
    axes.reserve(order.size());
    for (const std::int64_t axis : order) {
        axes.push_back(normalised_axis(call, axis, strides.size()));
    }
    return {rearrange(call, input, call.output(), [&](const Extents& index) {
        std::int64_t from = 0;
        for (std::size_t i = 0; i < index.size(); ++i) from += index[i] * strides[axes[i]];
        return from;
    })};
}

CpuResults cpu_pad(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const auto amounts = integers(call, 1);
    const Extents extents = extents_of(*input.tensor);
    const Extents strides = strides_of(extents);
    require_rank(call, amounts.size(), 2 * extents.size());
    require_rank(call, call.output().shape.size(), extents.size());
    const bool mirror = call.op.type == OpType::mirror_pad;
    const std::int64_t skip_edge =
        mirror && !call.attributes<MirrorPadAttributes>().symmetric ? 1 : 0;
    CpuBytes fill = zero_point_element(call, call.output());
    if (!mirror && call.has_input(2)) {
        fill.assign(call.input(2).bytes.begin(), call.input(2).bytes.end());
    }
    return {rearrange(
        call, input, call.output(),
        [&](const Extents& index) -> std::int64_t {
            std::int64_t from = 0;
            for (std::size_t i = 0; i < index.size(); ++i) {
                std::int64_t at = index[i] - amounts[2 * i];
                if (mirror && at < 0) at = -at - 1 + skip_edge;
                if (mirror && at >= extents[i]) at = 2 * extents[i] - at - 1 - skip_edge;
                if (at < 0 || at >= extents[i]) return -1;
                from += at * strides[i];
            }
            return from;
        },
        fill)};
}

CpuResults cpu_tile(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Extents extents = extents_of(*input.tensor);
    const Extents strides = strides_of(extents);
    require_rank(call, call.output().shape.size(), extents.size());
    return {rearrange(call, input, call.output(), [&](const Extents& index) {
        std::int64_t from = 0;
        for (std::size_t i = 0; i < index.size(); ++i) from += index[i] % extents[i] * strides[i];
        return from;
    })};
}

CpuResults cpu_reverse(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Extents extents = extents_of(*input.tensor);
    const Extents strides = strides_of(extents);
    require_rank(call, call.output().shape.size(), extents.size());
    std::vector<bool> turned(extents.size(), false);
    for (const std::int64_t axis : integers(call, 1)) {
        turned[normalised_axis(call, axis, extents.size())] = true;
    }
    return {rearrange(call, input, call.output(), [&](const Extents& index) {
        std::int64_t from = 0;
        for (std::size_t i = 0; i < index.size(); ++i) {
            from += (turned[i] ? extents[i] - 1 - index[i] : index[i]) * strides[i];
        }
        return from;
    })};
}

// The rows and columns of a block stand behind each other in the depth.
CpuResults cpu_space_to_depth(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const bool back = call.op.type == OpType::depth_to_space;
    const std::int64_t block = call.attributes<BlockAttributes>().block_size;
    const Extents strides = strides_of(extents_of(*input.tensor));
    require_rank(call, strides.size(), 4);
    require_rank(call, call.output().shape.size(), 4);
    const std::int64_t depth = back ? call.output().shape[3] : input.tensor->shape[3];
    if (block < 1 || depth < 1) call.invalid("a block of no elements");
    return {rearrange(call, input, call.output(), [&](const Extents& index) {
        std::int64_t y = index[1], x = index[2], c = index[3];
        if (back) {
            c += (y % block * block + x % block) * depth;
            y /= block;
            x /= block;
        } else {
            const std::int64_t place = c / depth;
            y = y * block + place / block;
            x = x * block + place % block;
            c %= depth;
        }
        return index[0] * strides[0] + y * strides[1] + x * strides[2] + c;
    })};
}

CpuResults cpu_broadcast_to(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    std::size_t linear = 0;
    return {rearrange(call, input, call.output(), [&](const Extents& /*index*/) {
        return static_cast<std::int64_t>(broadcast_position(call, input.tensor->shape, linear++));
    })};
}

namespace {

/// The operand in the output's quantisation, in the reference's single precision.
CpuBytes requantised(const CpuCall& call, const CpuOperand& operand) {
    const Tensor& output = call.output();
    const Affine from = affine_of(call, *operand.tensor);
    const Affine to = affine_of(call, output);
    const RawRange range = raw_range(call, output.type);
    if (operand.tensor->type != output.type || bytes_of_element(output) > 2) {
        call.not_executable("operands are quantised differently");
    }
    const float scale = from.scale * (1.0F / to.scale);
    const float bias = static_cast<float>(-from.zero_point) * scale;
    std::vector<std::int64_t> raw = raw_values(call, operand);
    for (std::int64_t& value : raw) {
        constexpr float bound = 1e9F;
        const float real = std::round(static_cast<float>(value) * scale + bias);
        value =
            std::clamp(static_cast<std::int64_t>(std::clamp(real, -bound, bound)) + to.zero_point,
                       range.low, range.high);
    }
    return store_raw(call, output.type, raw);
}

}  // namespace

CpuResults cpu_concatenation(const CpuCall& call) {
    std::vector<CpuOperand> operands{call.inputs.begin(), call.inputs.end()};
    std::list<CpuBytes> alike;
    for (std::size_t i = 0; i < operands.size(); ++i) {
        const CpuOperand& operand = call.input(i);
        if (operand.tensor->quantization == call.output().quantization) continue;
        alike.push_back(requantised(call, operand));
        operands[i].bytes = alike.back();
    }
    return joined_on_axis({call.op, operands, call.outputs, call.intermediates});
}

CpuResults cpu_pack(const CpuCall& call) { return joined_on_axis(call); }

CpuResults cpu_split(const CpuCall& call) {
    const bool axis_first = call.op.type == OpType::split;
    const bool removed = call.op.type == OpType::unpack;
    const CpuOperand& input = call.input(axis_first ? 1 : 0);
    std::int64_t given = 0;
    if (removed) {
        given = call.attributes<AxisAttributes>().axis;
    } else {
        const auto values = integers(call, axis_first ? 0 : 2);
        if (values.size() != 1) call.invalid("the axis must be one integer");
        given = values.front();
    }
    const std::size_t axis = normalised_axis(call, given, input.tensor->shape.size());
    CpuResults results;
    std::int64_t start = 0;
    for (std::size_t i = 0; i < call.outputs.size(); ++i) {
        const Tensor& part = call.output(i);
        if (!removed) require_rank(call, part.shape.size(), input.tensor->shape.size());
        results.push_back(take_slices(call, input, part, axis, start, removed));
        start += removed ? 1 : part.shape[axis];
    }
    return results;
}

CpuResults cpu_slice(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const auto begin = integers(call, 1);
    const Extents extents = extents_of(*input.tensor);
    const Extents strides = strides_of(extents);
    require_rank(call, begin.size(), extents.size());
    require_rank(call, call.output().shape.size(), extents.size());
    return {rearrange(call, input, call.output(), [&](const Extents& index) -> std::int64_t {
        std::int64_t from = 0;
        for (std::size_t i = 0; i < index.size(); ++i) {
            const std::int64_t at = begin[i] + index[i];
            if (at < 0 || at >= extents[i]) return -1;
            from += at * strides[i];
        }
        return from;
    })};
}

namespace {

/// STRIDED_SLICE's operands spread over the axes of its input.
struct StridedBox {
    static constexpr std::size_t no_axis = SIZE_MAX;
    Extents begin, step;             ///< one an axis of the input
    std::vector<std::size_t> shown;  ///< the input's axis behind each of the result's, or no_axis

    StridedBox(const CpuCall& call, const Extents& extents) {
        const auto& masks = call.attributes<StridedSliceAttributes>();
        const auto begins = integers(call, 1);
        const auto ends = integers(call, 2);
        const auto steps = integers(call, 3);
        require_rank(call, steps.size(), begins.size());
        require_rank(call, ends.size(), begins.size());
        const ir::SliceEntries slice = ir::slice_entries(masks, begins.size(), extents.size());
        if (slice.named > extents.size()) {
            call.invalid("it selects along more axes than there are");
        }
        if (slice.axes > extents.size()) call.invalid("it has more than one ellipsis");
        for (const ir::SliceEntry& entry : slice.entries) {
            if (!entry.is_dropped) shown.push_back(entry.axis.value_or(no_axis));
            if (!entry.axis) continue;
            const ir::SliceRange range =
                ir::slice_range(entry, extents[*entry.axis], begins, ends, steps);
            begin.push_back(range.first);
            step.push_back(range.step);
        }
    }
};

}  // namespace

CpuResults cpu_strided_slice(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Extents extents = extents_of(*input.tensor);
    const Extents strides = strides_of(extents);
    const StridedBox box{call, extents};
    require_rank(call, call.output().shape.size(), box.shown.size());
    return {rearrange(call, input, call.output(), [&](const Extents& index) -> std::int64_t {
        Extents position = box.begin;
        for (std::size_t i = 0; i < index.size(); ++i) {
            if (box.shown[i] == StridedBox::no_axis) continue;
            position[box.shown[i]] += index[i] * box.step[box.shown[i]];
        }
        std::int64_t from = 0;
        for (std::size_t axis = 0; axis < extents.size(); ++axis) {
            if (position[axis] < 0 || position[axis] >= extents[axis]) return -1;
            from += position[axis] * strides[axis];
        }
        return from;
    })};
}

// Blocks of neighbouring elements become batches, in row order of the block; or back again.
CpuResults cpu_space_to_batch(const CpuCall& call) {
    const bool back = call.op.type == OpType::batch_to_space_nd;
    const CpuOperand& input = call.input(0);
    const auto block = integers(call, 1);
    const auto margins = integers(call, 2);  // padding, or what is cut off
    const Extents extents = extents_of(*input.tensor);
    const Extents strides = strides_of(extents);
    const Extents result = extents_of(call.output());
    require_rank(call, result.size(), extents.size());
    require_rank(call, margins.size(), 2 * block.size());
    if (block.size() + 1 > extents.size()) call.invalid("more block extents than dimensions");
    for (const std::int64_t extent : block) {
        if (extent < 1) call.invalid(fmt::format("block extent {}: must be above 0", extent));
    }
    const std::int64_t batches = back ? result[0] : extents[0];
    return {rearrange(
        call, input, call.output(),
        [&](const Extents& index) -> std::int64_t {
            std::int64_t from = 0;
            std::int64_t in_block = back ? 0 : index[0] / batches;
            std::int64_t place = 0;
            for (std::size_t i = block.size(); i-- > 0 && !back;) {
                const std::int64_t at =
                    index[i + 1] * block[i] + in_block % block[i] - margins[2 * i];
                in_block /= block[i];
                if (at < 0 || at >= extents[i + 1]) return -1;
                from += at * strides[i + 1];
            }
            for (std::size_t i = 0; i < block.size() && back; ++i) {
                const std::int64_t at = index[i + 1] + margins[2 * i];
                place = place * block[i] + at % block[i];
                from += at / block[i] * strides[i + 1];
            }
            for (std::size_t i = block.size() + 1; i < index.size(); ++i) {
                from += index[i] * strides[i];
            }
            return from + (place * batches + index[0] % batches) * strides[0];
        },
        back ? CpuBytes{} : zero_point_element(call, call.output()))};
}

CpuResults cpu_gather(const CpuCall& call) {
    const auto& attributes = call.attributes<AxisAttributes>();
    const CpuOperand& input = call.input(0);
    const auto indices = integers(call, 1);
    const std::size_t rank = input.tensor->shape.size();
    const std::size_t axis = normalised_axis(call, attributes.axis, rank);
    const Extents strides = strides_of(extents_of(*input.tensor));
    const Extents index_strides = strides_of(extents_of(*call.input(1).tensor));
    const auto batches = static_cast<std::size_t>(std::max(attributes.batch_dims, 0));
    if (attributes.batch_dims < 0 || batches > axis || batches > index_strides.size()) {
        call.not_executable("no kernel for these batch dimensions");
    }
    const std::size_t added = index_strides.size() - batches;
    require_rank(call, call.output().shape.size(), rank - 1 + added);
    return {rearrange(call, input, call.output(), [&](const Extents& index) -> std::int64_t {
        std::int64_t from = 0;
        std::int64_t which = 0;
        for (std::size_t i = 0; i < axis; ++i) from += index[i] * strides[i];
        for (std::size_t i = 0; i < batches; ++i) which += index[i] * index_strides[i];
        for (std::size_t i = 0; i < added; ++i) {
            which += index[axis + i] * index_strides[batches + i];
        }
        for (std::size_t i = axis + 1; i < rank; ++i) from += index[i - 1 + added] * strides[i];
        if (which >= static_cast<std::int64_t>(indices.size())) return -1;
        const std::int64_t at = indices[static_cast<std::size_t>(which)];
        if (at < 0 || at >= input.tensor->shape[axis]) return -1;
        return from + at * strides[axis];
    })};
}

}  // namespace u65sim::arith
