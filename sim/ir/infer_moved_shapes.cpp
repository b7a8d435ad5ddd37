// Shape rules of operators that only move elements.
#include <algorithm>

#include "ir/shape_rules.hpp"
#include "ir/slice_entries.hpp"

namespace u65sim::ir::shapes {

Shape concatenation(const Operands& operands) {
    const Shape& first = operands.shape(0);
    const std::size_t axis =
        operands.axis(operands.attributes<AxisAttributes>().axis, first.size());
    std::int64_t total = 0;
    for (std::size_t position = 0; position < operands.count(); ++position) {
        Shape part = operands.shape(position, first.size());
        total += part[axis];
        part[axis] = first[axis];
        if (part != first) {
            operands.fail("operand {} is {}, must be like {} but along axis {}", position,
                          to_string(operands.shape(position)), to_string(first), axis);
        }
    }
    Shape output = first;
    output[axis] = operands.extent(total);
    return output;
}

Shape pack(const Operands& operands) {
    const auto& attributes = operands.attributes<AxisAttributes>();
    Shape output = operands.shape(0);
    for (std::size_t position = 1; position < operands.count(); ++position) {
        if (operands.shape(position) != output) {
            operands.fail("operand {} is {}, must be {}", position,
                          to_string(operands.shape(position)), to_string(output));
        }
    }
    if (attributes.count != static_cast<std::int64_t>(operands.count())) {
        operands.fail("packs {} values but has {} operands", attributes.count, operands.count());
    }
    const std::size_t axis = operands.axis(attributes.axis, output.size() + 1);
    output.insert(output.begin() + static_cast<std::ptrdiff_t>(axis),
                  operands.extent(attributes.count));
    return output;
}

MaybeShapes unpack(const Operands& operands) {
    const auto& attributes = operands.attributes<AxisAttributes>();
    Shape part = operands.shape(0);
    const std::size_t axis = operands.axis(attributes.axis, part.size());
    if (part[axis] != attributes.count) {
        operands.fail("unpacks {} values out of {} along axis {}", attributes.count,
                      to_string(part), axis);
    }
    part.erase(part.begin() + static_cast<std::ptrdiff_t>(axis));
    return MaybeShapes(operands.op().outputs.size(), part);
}

namespace {

void check_split_count(const Operands& operands) {
    const std::int64_t count = operands.attributes<AxisAttributes>().count;
    if (count < 1 || count != static_cast<std::int64_t>(operands.op().outputs.size())) {
        operands.fail("splits into {} but has {} outputs, must be as many", count,
                      operands.op().outputs.size());
    }
}

}  // namespace

MaybeShapes split(const Operands& operands) {
    check_split_count(operands);
    Shape part = operands.shape(1);
    const auto axis_value = operands.integers(0, 1);
    if (!axis_value) return MaybeShapes(operands.op().outputs.size());
    const std::size_t axis = operands.axis(axis_value->front(), part.size());
    const std::int32_t count = operands.attributes<AxisAttributes>().count;
    if (part[axis] % count != 0) {
        operands.fail("{} along axis {} must be a multiple of {}", to_string(part), axis, count);
    }
    part[axis] /= count;
    return MaybeShapes(operands.op().outputs.size(), part);
}

MaybeShapes split_v(const Operands& operands) {
    check_split_count(operands);
    const Shape& input = operands.shape(0);
    const std::size_t count = operands.op().outputs.size();
    auto sizes = operands.integers(1, count);
    const auto axis_value = operands.integers(2, 1);
    if (!sizes || !axis_value) return MaybeShapes(count);
    const std::size_t axis = operands.axis(axis_value->front(), input.size());
    std::int64_t rest = input[axis];
    std::int64_t* open = nullptr;
    for (std::int64_t& size : *sizes) {
        if (size == -1 && open == nullptr) {
            open = &size;
        } else if (size < 0 || size > rest) {
            operands.fail("a part of {} does not fit into {} along axis {}", size, to_string(input),
                          axis);
        } else {
            rest -= size;
        }
    }
    if (open != nullptr) {
        *open = rest;
    } else if (rest != 0) {
        operands.fail("the parts leave {} of {} along axis {}", rest, to_string(input), axis);
    }
    MaybeShapes outputs;
    for (const std::int64_t size : *sizes) {
        Shape part = input;
        part[axis] = operands.extent(size);
        outputs.emplace_back(std::move(part));
    }
    return outputs;
}

std::optional<Shape> slice(const Operands& operands) {
    const Shape& input = operands.shape(0);
    const auto begin = operands.integers(1, input.size());
    const auto size = operands.integers(2, input.size());
    if (!begin || !size) return {};
    Shape output;
    for (std::size_t axis = 0; axis < input.size(); ++axis) {
        const std::int64_t first = (*begin)[axis];
        if (first < 0 || first > input[axis]) {
            operands.fail("begin along axis {} is {}, must be between 0 and {}", axis, first,
                          input[axis]);
        }
        const std::int64_t room = input[axis] - first;
        const std::int64_t wanted = (*size)[axis] == -1 ? room : (*size)[axis];
        if (wanted < 0 || wanted > room) {
            operands.fail("size along axis {} is {}, must be between -1 and {}", axis, wanted,
                          room);
        }
        output.push_back(operands.extent(wanted));
    }
    return output;
}

std::optional<Shape> strided_slice(const Operands& operands) {
    const auto& masks = operands.attributes<StridedSliceAttributes>();
    const Shape& input = operands.shape(0);
    const auto begin = operands.integers(1);
    const auto end = operands.integers(2);
    const auto strides = operands.integers(3);
    if (!begin || !end || !strides) return {};
    const std::size_t numbers = begin->size();
    const SliceEntries slice = slice_entries(masks, numbers, input.size());
    if (end->size() != numbers || strides->size() != numbers || slice.named > input.size()) {
        operands.fail("{} begins, {} ends and {} strides for {}, must be as many, at most its rank",
                      numbers, end->size(), strides->size(), to_string(input));
    }
    if (slice.axes > input.size()) operands.fail("it has more than one ellipsis");
    Shape output;
    for (const SliceEntry& entry : slice.entries) {
        if (entry.is_dropped) continue;
        const std::int32_t extent = entry.axis ? input[*entry.axis] : 1;
        if (!entry.number) {
            output.push_back(extent);
            continue;
        }
        const std::int64_t stride = (*strides)[*entry.number];
        if (stride == 0 || stride < std::numeric_limits<std::int32_t>::min() ||
            stride > std::numeric_limits<std::int32_t>::max()) {
            operands.fail("stride along axis {} is {}, must be a non-zero 32-bit number",
                          *entry.axis, stride);
        }
        output.push_back(operands.extent(slice_range(entry, extent, *begin, *end, *strides).count));
    }
    return output;
}

std::optional<Shape> reshape(const Operands& operands) {
    const std::int64_t elements = element_count(operands.shape(0));
    std::vector<std::int64_t> wanted;
    if (operands.has(1)) {
        auto values = operands.integers(1);
        if (!values) return {};
        wanted = *std::move(values);
    } else {
        const Shape& attribute = operands.attributes<ReshapeAttributes>().new_shape;
        wanted.assign(attribute.begin(), attribute.end());
        // Old files write a scalar as a single 0.
        if (wanted == std::vector<std::int64_t>{0}) wanted.clear();
    }
    std::int64_t known = 1;
    std::ptrdiff_t open = -1;
    for (std::size_t axis = 0; axis < wanted.size(); ++axis) {
        if (wanted[axis] == -1 && open < 0) {
            open = static_cast<std::ptrdiff_t>(axis);
        } else {
            known = detail::checked_mul(known, operands.extent(wanted[axis]));
        }
    }
    if (open >= 0 && known > 0 && elements % known == 0) {
        wanted[static_cast<std::size_t>(open)] = elements / known;
        known = elements;
    }
    if (known != elements) {
        operands.fail("{} has {} elements, the new shape {}", to_string(operands.shape(0)),
                      elements, known);
    }
    Shape output;
    for (const std::int64_t value : wanted) output.push_back(operands.extent(value));
    return output;
}

Shape squeeze(const Operands& operands) {
    const Shape& input = operands.shape(0);
    const auto& dims = operands.attributes<SqueezeAttributes>().dims;
    std::vector<bool> is_dropped(input.size());
    for (std::size_t axis = 0; axis < input.size(); ++axis) {
        is_dropped[axis] = dims.empty() && input[axis] == 1;
    }
    for (const std::int32_t value : dims) {
        const std::size_t axis = operands.axis(value, input.size());
        if (input[axis] != 1) {
            operands.fail("axis {} of {} is squeezed, its extent must be 1", value,
                          to_string(input));
        }
        is_dropped[axis] = true;
    }
    Shape output;
    for (std::size_t axis = 0; axis < input.size(); ++axis) {
        if (!is_dropped[axis]) output.push_back(input[axis]);
    }
    return output;
}

std::optional<Shape> expand_dims(const Operands& operands) {
    Shape output = operands.shape(0);
    const auto axis = operands.integers(1, 1);
    if (!axis) return {};
    output.insert(output.begin() +
                      static_cast<std::ptrdiff_t>(operands.axis(axis->front(), output.size() + 1)),
                  1);
    return output;
}

std::optional<Shape> transpose(const Operands& operands) {
    const Shape& input = operands.shape(0);
    const auto order = operands.integers(1, input.size());
    if (!order) return {};
    Shape output;
    std::vector<bool> is_used(input.size());
    for (const std::int64_t value : *order) {
        const std::size_t axis = operands.axis(value, input.size());
        if (is_used[axis]) operands.fail("axis {} stands twice in the permutation", value);
        is_used[axis] = true;
        output.push_back(input[axis]);
    }
    return output;
}

std::optional<Shape> pad(const Operands& operands) {
    Shape output = operands.shape(0);
    const auto amounts = operands.integers(1, output.size() * 2);
    if (!amounts) return {};
    for (std::size_t axis = 0; axis < output.size(); ++axis) {
        const std::int64_t before = (*amounts)[2 * axis];
        const std::int64_t after = (*amounts)[2 * axis + 1];
        if (before < 0 || after < 0) {
            operands.fail("padding along axis {} is {} and {}, must not be negative", axis, before,
                          after);
        }
        output[axis] =
            operands.extent(detail::checked_add(detail::checked_add(output[axis], before), after));
    }
    return output;
}

std::optional<Shape> resize(const Operands& operands) {
    const Shape& image = operands.shape(0, 4);
    const auto size = operands.integers(1, 2);
    if (!size) return {};
    return Shape{image[0], operands.extent((*size)[0]), operands.extent((*size)[1]), image[3]};
}

namespace {

// space_to_batch_nd with direction +1, batch_to_space_nd with -1; blocks apply behind the batch.
std::optional<Shape> rearrange(const Operands& operands, bool is_to_batch) {
    Shape output = operands.shape(0);
    const auto blocks = operands.integers(1);
    if (!blocks) return {};
    const auto borders = operands.integers(2, blocks->size() * 2);
    if (!borders) return {};
    if (blocks->size() + 1 > output.size()) {
        operands.fail("{} blocks for {}, must be below its rank", blocks->size(),
                      to_string(output));
    }
    std::int64_t batch = output[0];
    for (std::size_t index = 0; index < blocks->size(); ++index) {
        const std::int64_t block = (*blocks)[index];
        const std::int64_t border =
            detail::checked_add((*borders)[2 * index], (*borders)[2 * index + 1]);
        if (block < 1) operands.fail("block is {}, must be at least 1", block);
        std::int64_t extent = output[index + 1];
        if (is_to_batch) {
            extent = detail::checked_add(extent, border);
            if (extent % block != 0) {
                operands.fail("padded extent {} must be a multiple of the block {}", extent, block);
            }
            extent /= block;
            batch = detail::checked_mul(batch, block);
        } else {
            if (batch % block != 0) {
                operands.fail("batch {} must be a multiple of the block {}", batch, block);
            }
            batch /= block;
            extent = detail::checked_sub(detail::checked_mul(extent, block), border);
        }
        output[index + 1] = operands.extent(extent);
    }
    output[0] = operands.extent(batch);
    return output;
}

}  // namespace

std::optional<Shape> space_to_batch(const Operands& operands) { return rearrange(operands, true); }
std::optional<Shape> batch_to_space(const Operands& operands) { return rearrange(operands, false); }

std::optional<Shape> tile(const Operands& operands) {
    Shape output = operands.shape(0);
    const auto repeats = operands.integers(1, output.size());
    if (!repeats) return {};
    for (std::size_t axis = 0; axis < output.size(); ++axis) {
        if ((*repeats)[axis] < 0) {
            operands.fail("repeats along axis {} are {}, must not be negative", axis,
                          (*repeats)[axis]);
        }
        output[axis] = operands.extent(detail::checked_mul(output[axis], (*repeats)[axis]));
    }
    return output;
}

std::optional<Shape> broadcast_to(const Operands& operands) {
    const auto extents = operands.integers(1);
    if (!extents) return {};
    Shape output;
    for (const std::int64_t extent : *extents) output.push_back(operands.extent(extent));
    if (broadcast(operands, operands.shape(0), output) != output) {
        operands.fail("{} cannot be broadcast to {}", to_string(operands.shape(0)),
                      to_string(output));
    }
    return output;
}

namespace {

Shape regrouped(const Operands& operands, bool back) {
    const Shape& image = operands.shape(0, 4);
    const std::int64_t block = operands.attributes<BlockAttributes>().block_size;
    if (block < 1 || block > 65535) operands.fail("block is {}, must be 1 to 65535", block);
    const std::int64_t square = block * block;
    if (back ? image[3] % square != 0 : image[1] % block != 0 || image[2] % block != 0) {
        operands.fail("{} does not divide into blocks of {}", to_string(image), block);
    }
    if (back) {
        return {image[0], operands.extent(image[1] * block), operands.extent(image[2] * block),
                operands.extent(image[3] / square)};
    }
    return {image[0], operands.extent(image[1] / block), operands.extent(image[2] / block),
            operands.extent(detail::checked_mul(image[3], square))};
}

}  // namespace

Shape space_to_depth(const Operands& operands) { return regrouped(operands, false); }
Shape depth_to_space(const Operands& operands) { return regrouped(operands, true); }

Shape gather(const Operands& operands) {
    const auto& attributes = operands.attributes<AxisAttributes>();
    const Shape& input = operands.shape(0);
    const Shape& indices = operands.shape(1);
    const std::size_t axis = operands.axis(attributes.axis, input.size());
    const auto skipped = static_cast<std::size_t>(attributes.batch_dims);
    if (attributes.batch_dims < 0 || skipped > axis || skipped > indices.size()) {
        operands.fail("batch_dims is {}, must be between 0 and {}", attributes.batch_dims,
                      std::min(axis, indices.size()));
    }
    Shape output(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(axis));
    output.insert(output.end(), indices.begin() + static_cast<std::ptrdiff_t>(skipped),
                  indices.end());
    output.insert(output.end(), input.begin() + static_cast<std::ptrdiff_t>(axis) + 1, input.end());
    return output;
}

}  // namespace u65sim::ir::shapes
