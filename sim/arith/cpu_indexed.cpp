// CPU operators that find, place or order elements by numbers: any element type, byte for byte.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "arith/cpu_kernel_table.hpp"

namespace u65sim::arith {
namespace {

std::size_t extent_at(const Shape& shape, std::size_t axis) {
    return static_cast<std::size_t>(std::max(shape[axis], 0));
}

/// Elements of the dimensions from `first` on.
std::size_t elements_from(const Shape& shape, std::size_t first) {
    std::size_t count = 1;
    for (std::size_t i = first; i < shape.size(); ++i) count *= extent_at(shape, i);
    return count;
}

std::vector<std::int64_t> indices_of(const CpuCall& call, std::size_t index) {
    const CpuOperand& operand = call.input(index);
    if (is_float(*operand.tensor)) call.invalid(fmt::format("operand {}: must be integers", index));
    return raw_values(call, operand);
}

/// Slices of a tensor that rows of indices name by their leading dimensions.
class Slices {
public:
    Slices(const CpuCall& call, const Shape& indexed, const Shape& indices)
        : call_(call), indexed_(indexed) {
        if (indices.empty() || indices.back() < 0 ||
            static_cast<std::size_t>(indices.back()) > indexed.size()) {
            call.invalid("the indices address more dimensions than there are");
        }
        depth = static_cast<std::size_t>(indices.back());
        count = elements_from(indices, 0) / std::max<std::size_t>(depth, 1);
        if (depth == 0) count = elements_from({indices.begin(), indices.end() - 1}, 0);
        length = elements_from(indexed, depth);
    }

    /// First element of the slice that row `row` names.
    [[nodiscard]] std::size_t start(const std::vector<std::int64_t>& numbers,
                                    std::size_t row) const {
        std::size_t at = 0;
        for (std::size_t k = 0; k < depth; ++k) {
            const std::int64_t index = numbers[row * depth + k];
            if (index < 0 || index >= indexed_[k]) {
                call_.invalid(fmt::format("index {}: must be below {}", index, indexed_[k]));
            }
            at = at * extent_at(indexed_, k) + static_cast<std::size_t>(index);
        }
        return at * length;
    }

    std::size_t depth = 0, count = 0, length = 0;

private:
    const CpuCall& call_;
    const Shape& indexed_;
};

template <class Value>
void accumulate(CpuBytes& result, std::size_t to, const CpuBytes& updates, std::size_t from,
                std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        Value sum, added;
        std::memcpy(&sum, &result[(to + i) * sizeof(Value)], sizeof sum);
        std::memcpy(&added, &updates[(from + i) * sizeof(Value)], sizeof added);
        sum = static_cast<Value>(sum + added);
        std::memcpy(&result[(to + i) * sizeof(Value)], &sum, sizeof sum);
    }
}

/// Positions of the `k` largest elements of each row, in descending order; of equal ones the first.
template <class Value>
std::vector<std::size_t> largest(const std::vector<Value>& values, std::size_t row_length,
                                 std::size_t k) {
    std::vector<std::size_t> result;
    std::vector<std::size_t> order(row_length);
    for (std::size_t at = 0; at + row_length <= values.size(); at += row_length) {
        std::iota(order.begin(), order.end(), at);
        std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k),
                          order.end(), [&](std::size_t a, std::size_t b) {
                              return values[a] > values[b] || (values[a] == values[b] && a < b);
                          });
        result.insert(result.end(), order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k));
    }
    return result;
}

}  // namespace

CpuResults cpu_gather_nd(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Slices slices{call, input.tensor->shape, call.input(1).tensor->shape};
    const auto numbers = indices_of(call, 1);
    const std::size_t size = slices.length * bytes_of_element(*input.tensor);
    CpuBytes result;
    for (std::size_t row = 0; row < slices.count; ++row) {
        const std::size_t from = slices.start(numbers, row) * bytes_of_element(*input.tensor);
        const auto slice = input.bytes.subspan(from, size);
        result.insert(result.end(), slice.begin(), slice.end());
    }
    return {result};
}

CpuResults cpu_scatter_nd(const CpuCall& call) {
    const Tensor& output = call.output();
    const CpuOperand& updates = call.input(1);
    const Slices slices{call, output.shape, call.input(0).tensor->shape};
    const auto numbers = indices_of(call, 0);
    const std::size_t size = bytes_of_element(output);
    const CpuBytes added(updates.bytes.begin(), updates.bytes.end());
    if (updates.tensor->type != output.type ||
        added.size() != slices.count * slices.length * size) {
        call.invalid("the updates disagree with the indices");
    }
    CpuBytes result(static_cast<std::size_t>(elements(output)) * size, 0);
    for (std::size_t row = 0; row < slices.count; ++row) {
        const std::size_t to = slices.start(numbers, row);
        const std::size_t from = row * slices.length;
        if (is_float(output)) {
            accumulate<float>(result, to, added, from, slices.length);
        } else if (size == 8) {
            accumulate<std::uint64_t>(result, to, added, from, slices.length);
        } else if (size == 4) {
            accumulate<std::uint32_t>(result, to, added, from, slices.length);
        } else if (size == 2) {
            accumulate<std::uint16_t>(result, to, added, from, slices.length);
        } else {
            accumulate<std::uint8_t>(result, to, added, from, slices.length);
        }
    }
    return {result};
}

CpuResults cpu_embedding_lookup(const CpuCall& call) {
    const CpuOperand& table = call.input(1);
    if (table.tensor->type != call.output().type || table.tensor->shape.empty()) {
        call.not_executable("no kernel for these element types");
    }
    const std::size_t rows = extent_at(table.tensor->shape, 0);
    const std::size_t size = rows == 0 ? 0 : table.bytes.size() / rows;
    CpuBytes result;
    for (const std::int64_t row : indices_of(call, 0)) {
        if (row < 0 || row >= static_cast<std::int64_t>(rows)) {
            call.invalid(fmt::format("row {}: must be below {}", row, rows));
        }
        const auto bytes = table.bytes.subspan(static_cast<std::size_t>(row) * size, size);
        result.insert(result.end(), bytes.begin(), bytes.end());
    }
    return {result};
}

CpuResults cpu_dynamic_update_slice(const CpuCall& call) {
    const CpuOperand& whole = call.input(0);
    const CpuOperand& part = call.input(1);
    const Shape& outer = whole.tensor->shape;
    const Shape& inner = part.tensor->shape;
    const auto wanted = indices_of(call, 2);
    if (outer.size() != inner.size() || wanted.size() != outer.size() ||
        whole.tensor->type != part.tensor->type) {
        call.invalid("the update disagrees with the operand");
    }
    // Starts that would leave the operand are moved inside of it.
    std::vector<std::size_t> start;
    for (std::size_t k = 0; k < outer.size(); ++k) {
        if (inner[k] > outer[k]) call.invalid("the update is larger than the operand");
        start.push_back(
            static_cast<std::size_t>(std::clamp<std::int64_t>(wanted[k], 0, outer[k] - inner[k])));
    }
    const std::size_t size = bytes_of_element(*whole.tensor);
    CpuBytes result(whole.bytes.begin(), whole.bytes.end());
    for (std::size_t i = 0; i < part.bytes.size() / size; ++i) {
        std::size_t rest = i, at = 0, stride = 1;
        for (std::size_t k = inner.size(); k-- > 0;) {
            at += (start[k] + rest % extent_at(inner, k)) * stride;
            rest /= extent_at(inner, k);
            stride *= extent_at(outer, k);
        }
        std::memcpy(&result[at * size], &part.bytes[i * size], size);
    }
    return {result};
}

CpuResults cpu_topk(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Shape& shape = input.tensor->shape;
    const auto count = indices_of(call, 1);
    const std::int64_t row = shape.empty() ? 1 : shape.back();
    if (count.size() != 1 || count[0] < 0 || count[0] > row) {
        call.invalid("k must be one number, at most the row's elements");
    }
    const auto length = static_cast<std::size_t>(row);
    if (length == 0) return {CpuBytes{}, CpuBytes{}};
    const auto k = static_cast<std::size_t>(count[0]);
    const auto chosen = is_float(*input.tensor) ? largest(float_values(call, input), length, k)
                                                : largest(raw_values(call, input), length, k);
    const std::size_t size = bytes_of_element(*input.tensor);
    CpuBytes values;
    std::vector<std::int64_t> indices;
    for (const std::size_t at : chosen) {
        const auto bytes = input.bytes.subspan(at * size, size);
        values.insert(values.end(), bytes.begin(), bytes.end());
        indices.push_back(static_cast<std::int64_t>(at % length));
    }
    return {values, store_raw(call, call.output(1).type, indices)};
}

CpuResults cpu_one_hot(const CpuCall& call) {
    const Tensor& output = call.output();
    const auto indices = indices_of(call, 0);
    const std::size_t rank = call.input(0).tensor->shape.size() + 1;
    const std::int32_t axis = call.attributes<AxisAttributes>().axis;
    const std::size_t position = axis == -1 ? rank - 1 : normalised_axis(call, axis, rank);
    if (output.shape.size() != rank) call.invalid("the output's rank disagrees with the indices");
    const std::size_t depth = extent_at(output.shape, position);
    if (elements_from(output.shape, 0) != indices.size() * depth) {
        call.invalid("the output's shape disagrees with the indices");
    }
    const std::size_t inner = elements_from(output.shape, position + 1);
    const std::size_t size = bytes_of_element(output);
    for (const std::size_t which : {2, 3}) {
        if (call.input(which).bytes.size() != size) call.invalid("values must be one element");
    }
    CpuBytes result;
    for (std::size_t i = 0; i < indices.size() * depth; ++i) {
        const std::size_t from = i / (depth * inner) * inner + i % inner;
        const bool hit = indices[from] == static_cast<std::int64_t>(i / inner % depth);
        const auto bytes = call.input(hit ? 2 : 3).bytes;
        result.insert(result.end(), bytes.begin(), bytes.end());
    }
    return {result};
}

}  // namespace u65sim::arith
