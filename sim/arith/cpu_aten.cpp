// Operators of ExecuTorch's CPU kernels that TensorFlow Lite has no like of; operands in the order
// of their signatures.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "arith/cpu_kernel_table.hpp"

namespace u65sim::arith {
namespace {

/// A pair of numbers along H and W; one number, or none, stands for both.
std::array<std::int64_t, 2> pair_of(const CpuCall& call, std::size_t index,
                                    std::array<std::int64_t, 2> otherwise, std::int64_t least) {
    if (!call.has_input(index)) return otherwise;
    const auto given = integers(call, index);
    if (given.empty()) return otherwise;
    if (given.size() > 2) call.invalid(fmt::format("operand {} must be two numbers", index));
    constexpr std::int64_t most = 1 << 16;
    for (const std::int64_t number : given) {
        if (number < least || number > most) {
            call.invalid(
                fmt::format("operand {}: {}: must be {} to {}", index, number, least, most));
        }
    }
    return {given.front(), given.back()};
}

bool truth_of(const CpuCall& call, std::size_t index, bool otherwise) {
    if (!call.has_input(index)) return otherwise;
    const auto bytes = call.input(index).bytes;
    return bytes.empty() ? otherwise : bytes[0] != 0;
}

/// A window over one axis, without and with padding.
struct Span {
    std::int64_t begin = 0, end = 0, padded = 0;
};

Span window_of(std::int64_t place, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
               std::int64_t extent) {
    const std::int64_t begin = place * stride - padding;
    const std::int64_t end = std::min(begin + kernel, extent + padding);
    return {std::max<std::int64_t>(begin, 0), std::min(end, extent), end - begin};
}

/// Rows of `length` elements, `step` elements apart in memory.
struct Row {
    std::size_t begin = 0, step = 1, length = 0;
};

std::vector<Row> rows_along(const Shape& shape, std::size_t axis) {
    std::size_t inner = 1, outer = 1;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        const auto extent = static_cast<std::size_t>(std::max(shape[i], 0));
        if (i < axis) outer *= extent;
        if (i > axis) inner *= extent;
    }
    const auto length = static_cast<std::size_t>(std::max(shape[axis], 0));
    std::vector<Row> rows;
    for (std::size_t o = 0; o < outer; ++o) {
        for (std::size_t i = 0; i < inner; ++i)
            rows.push_back({o * length * inner + i, inner, length});
    }
    return rows;
}

template <class Value>
bool is_before(Value a, Value b) {
    return a < b;
}
/// Numbers before what is none, as PyTorch sorts them.
bool is_before(float a, float b) { return a < b || (!std::isnan(a) && std::isnan(b)); }

/// For every element of the sorted tensor, where it stood.
template <class Value>
std::vector<std::size_t> sorted_places(const std::vector<Value>& values, const Shape& shape,
                                       std::size_t axis, bool is_descending) {
    std::vector<std::size_t> places(values.size());
    for (const Row& row : rows_along(shape, axis)) {
        std::vector<std::size_t> order(row.length);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            const Value first = values[row.begin + a * row.step];
            const Value second = values[row.begin + b * row.step];
            return is_descending ? is_before(second, first) : is_before(first, second);
        });
        for (std::size_t i = 0; i < row.length; ++i) places[row.begin + i * row.step] = order[i];
    }
    return places;
}

}  // namespace

CpuResults cpu_quantize_within(const CpuCall& call) {
    // quantize_per_tensor: scale, zero point, lowest, highest, type; the first two are the
    // output's.
    const Tensor& output = call.output();
    if (!is_float(*call.input(0).tensor)) call.not_executable("wants float32");
    const Affine to = affine_of(call, output);
    const RawRange type = raw_range(call, output.type);
    const auto low = integers(call, 3), high = integers(call, 4);
    if (low.size() != 1 || high.size() != 1 || low[0] > high[0] || !type.holds(low[0]) ||
        !type.holds(high[0])) {
        call.invalid("its lowest and highest value must be two numbers in the output's range");
    }
    const float factor = 1.0F / to.scale;
    std::vector<std::int64_t> raw;
    for (const float value : float_values(call, call.input(0))) {
        const float steps = std::nearbyint(value * factor);
        constexpr float bound = 2e9F;
        const auto whole =
            static_cast<std::int64_t>(std::isnan(steps) ? 0.0F : std::clamp(steps, -bound, bound));
        raw.push_back(std::clamp(whole + to.zero_point, low[0], high[0]));
    }
    return {store_raw(call, output.type, raw)};
}

CpuResults cpu_aten_average_pool(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Shape& from = input.tensor->shape;
    const Shape& to = call.output().shape;
    if (!is_float(*input.tensor) || !is_float(call.output())) call.not_executable("wants float32");
    if (from.size() < 3 || from.size() > 4 || to.size() != from.size() ||
        !std::equal(from.begin(), from.end() - 2, to.begin())) {
        call.invalid("its shapes must be N, C, H, W or C, H, W");
    }
    const auto kernel = pair_of(call, 1, {0, 0}, 1);
    if (kernel[0] == 0) call.invalid("has no kernel size");
    const auto stride = pair_of(call, 2, kernel, 1);
    const auto padding = pair_of(call, 3, {0, 0}, 0);
    const bool counts_padding = truth_of(call, 5, true);
    const auto divisor = pair_of(call, 6, {0, 0}, 1)[0];
    const std::int64_t height = *(from.end() - 2), width = from.back();
    const std::int64_t rows = *(to.end() - 2), columns = to.back();
    const std::int64_t planes = elements(*input.tensor) / std::max<std::int64_t>(height * width, 1);
    const auto values = float_values(call, input);
    std::vector<float> result;
    for_each_place(planes, rows, columns, [&](std::int64_t plane, std::int64_t y, std::int64_t x) {
        const Span h = window_of(y, kernel[0], stride[0], padding[0], height);
        const Span w = window_of(x, kernel[1], stride[1], padding[1], width);
        float sum = 0.0F;
        for (std::int64_t i = h.begin; i < h.end; ++i) {
            for (std::int64_t j = w.begin; j < w.end; ++j) {
                sum += values[static_cast<std::size_t>((plane * height + i) * width + j)];
            }
        }
        const std::int64_t inside =
            std::max<std::int64_t>(h.end - h.begin, 0) * std::max<std::int64_t>(w.end - w.begin, 0);
        const std::int64_t count = divisor > 0      ? divisor
                                   : counts_padding ? h.padded * w.padded
                                                    : inside;
        result.push_back(sum / static_cast<float>(std::max<std::int64_t>(count, 1)));
    });
    return {store_floats(result)};
}

CpuResults cpu_aten_sort(const CpuCall& call) {
    // sort.values: dim, descending; sort.values_stable: stable, dim, descending.
    const bool names_stability = call.op.custom_code == "aten::sort.values_stable";
    const std::size_t first = names_stability ? 2 : 1;
    const CpuOperand& input = call.input(0);
    const Shape& shape = input.tensor->shape;
    if (shape.empty() || call.outputs.size() != 2 || call.output(0).shape != shape ||
        call.output(1).shape != shape) {
        call.invalid("its results must have its operand's shape");
    }
    const auto dimension = integers(call, first);
    if (dimension.size() != 1) call.invalid("its dimension must be one number");
    const std::size_t axis = normalised_axis(call, dimension[0], shape.size());
    const bool is_descending = truth_of(call, first + 1, false);
    const auto places = is_float(*input.tensor)
                            ? sorted_places(float_values(call, input), shape, axis, is_descending)
                            : sorted_places(raw_values(call, input), shape, axis, is_descending);
    const std::size_t size = bytes_of_element(*input.tensor);
    CpuBytes values(input.bytes.size());
    std::vector<std::int64_t> positions(places.size());
    for (const Row& row : rows_along(shape, axis)) {
        for (std::size_t i = 0; i < row.length; ++i) {
            const std::size_t at = row.begin + i * row.step;
            const std::size_t from = row.begin + places[at] * row.step;
            std::copy_n(input.bytes.begin() + static_cast<std::ptrdiff_t>(from * size), size,
                        values.begin() + static_cast<std::ptrdiff_t>(at * size));
            positions[at] = static_cast<std::int64_t>(places[at]);
        }
    }
    return {values, store_raw(call, call.output(1).type, positions)};
}

}  // namespace u65sim::arith
