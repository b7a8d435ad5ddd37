// TRANSPOSE: copies with strides, or a convolution that gives channels their places.
#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "compile/lower/lowering.hpp"
#include "compile/lower/npu_forms.hpp"
#include "compile/lower/support.hpp"

namespace u65sim::compiler {

using stream::DataType;
using stream::KernelKind;

namespace {

/// Swaps the outer axes of what `from` holds; `to` is a whole map.
void swap_axes(Lowering& lowering, const View& from, AxisSwap swap, const View& to,
               std::string_view suffix) {
    View ifm = lowering.reshaped(from, {swap.outer, swap.inner, swap.rest});
    lowering.program().buffer(to).linear = true;
    View swapped = to;
    if (to.type == DataType::s32) {
        // The pool moves 16 bits: both halves of an element side by side.
        swap.rest *= 2;
        ifm.storage.c = ifm.extent.c = swap.rest;
        ifm.type = swapped.type = DataType::s16;
    }
    swapped.storage = swapped.extent = {swap.outer, swap.inner, swap.rest};
    swapped.stride_y = swap.rest;
    swapped.stride_x = std::int64_t{swap.outer} * swap.rest;
    lowering.copy(ifm, swapped, suffix);
}

/// Swaps two axes of each of many rows by an operation of its own, one `after` the other or not.
void swap_row_by_row(Lowering& lowering, const View& from, const BatchedSwap& batch, const View& to,
                     bool after) {
    const auto [rows, swap] = batch;
    lowering.program().buffer(to).linear = true;
    const View ifm = lowering.reshaped(from, {rows * swap.outer, swap.inner, swap.rest});
    for (std::int32_t row = 0; row < rows; ++row) {
        View swapped = to;
        swapped.storage = {swap.outer, rows * swap.inner, swap.rest};
        swapped.extent = {swap.outer, swap.inner, swap.rest};
        swapped.stride_y = swap.rest;
        swapped.stride_x = std::int64_t{swap.outer} * swap.rest;
        swapped.x = row * swap.inner;
        const View one = lowering.part(ifm, row * swap.outer, 0, 0, swapped.extent);
        lowering.copy(one, swapped, "row").waits_for_all = after && row > 0;
    }
}

/// A transpose of its last axes alone: `from[i]` is where each group's element `i` comes from.
struct Shuffle {
    std::int64_t groups = 1;
    std::vector<std::int32_t> from;
};

/// Empty where the groups are too large for a filter of one weight for each pair of their elements,
/// or have one element.
std::optional<Shuffle> shuffle_of(const Shape& shape,
                                  const std::vector<std::int64_t>& permutation) {
    constexpr std::int64_t most = 512;
    Shuffle shuffle;
    std::size_t first = 0;
    while (first < shape.size() && permutation[first] == static_cast<std::int64_t>(first)) {
        shuffle.groups *= shape[first++];
    }
    const std::int64_t size = std::accumulate(
        shape.begin() + static_cast<std::ptrdiff_t>(first), shape.end(), std::int64_t{1},
        [](std::int64_t a, std::int32_t b) { return std::min(a * b, most + 1); });
    if (size < 2 || size > most) return std::nullopt;
    std::vector<std::int32_t> strides(shape.size(), 1);
    for (std::size_t axis = shape.size() - 1; axis > first; --axis) {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    shuffle.from = {0};
    for (std::size_t axis = first; axis < shape.size(); ++axis) {
        // Every place so far, once for each position along the next axis of the output.
        const auto source = static_cast<std::size_t>(permutation[axis]);
        std::vector<std::int32_t> next;
        for (const std::int32_t place : shuffle.from) {
            for (std::int32_t i = 0; i < shape[source]; ++i) {
                next.push_back(place + i * strides[source]);
            }
        }
        shuffle.from = std::move(next);
    }
    return shuffle;
}

/// A 1x1 convolution whose filters pick one channel each. How many operations it takes.
int shuffle_by_weights(Lowering& lowering, const View& from, const Shuffle& shuffle,
                       const View& result) {
    const auto depth = static_cast<std::int32_t>(shuffle.from.size());
    const Extent plane = plane_of(shuffle.groups, depth);
    const View ofm = lowering.writable(result, plane);
    NpuOp& npu = lowering.add(KernelKind::conv, lowering.reshaped(from, plane), ofm);
    npu.ifm.zero_point = npu.ofm.zero_point = 0;
    npu.kernel.rounding = stream::Rounding::natural;
    std::vector<std::uint8_t> weights(shuffle.from.size() * shuffle.from.size());
    for (std::size_t i = 0; i < shuffle.from.size(); ++i) {
        weights[i * shuffle.from.size() + static_cast<std::size_t>(shuffle.from[i])] = 1;
    }
    WeightSource w;
    w.outputs = w.inputs = depth;
    w.data = ConstantData(std::move(weights));
    w.zero_points = {0};
    npu.weights = std::make_shared<const WeightSource>(std::move(w));
    npu.scales.assign(shuffle.from.size(), {0, 1, 0});
    lowering.place(ofm, result);
    return ofm.buffer == result.buffer ? 1 : 2;
}

/// One or two swaps of axes. How many operations they take.
int turn_by_strides(Lowering& lowering, View from, const std::vector<AxisSwap>& steps,
                    const View& result) {
    const auto fresh = [&](const Extent& extent, std::string_view name) {
        View made = lowering.temporary(extent, result.type, name);
        made.scale = result.scale;
        made.zero_point = result.zero_point;
        return made;
    };
    int count = 1;
    if (steps.size() == 2) {
        const View turned = fresh({steps[0].inner, steps[0].outer, steps[0].rest}, "turned");
        swap_axes(lowering, from, steps[0], turned, "turn");
        from = turned;
        ++count;
    }
    const View ofm = result.whole() ? result : fresh(result.extent, "transposed");
    swap_axes(lowering, from, steps.back(), ofm, {});
    if (ofm.buffer == result.buffer) return count;
    lowering.copy(ofm, result, "place");
    return count + 1;
}

}  // namespace

std::string support_transpose(const Candidate& candidate) {
    if (auto text = candidate.same_type_and_scale(); !text.empty()) return text;
    if (!candidate.parameter(1)) return "permutation is not constant";
    const Shape& shape = candidate.map().shape;
    const auto permutation = integers(candidate.input(1));
    if (transpose_steps(shape, permutation)) return {};
    if (candidate.map().type != ElementType::int32 &&
        (shuffle_of(shape, permutation) || swap_in_rows(shape, permutation))) {
        return {};
    }
    return "this permutation does not reduce to one of three axes";
}

void lower_transpose(Lowering& lowering) {
    Program& program = lowering.program();
    const Shape& shape = lowering.input(0).shape;
    const auto permutation = integers(lowering.input(1));
    const auto steps = transpose_steps(shape, permutation);
    const View result = lowering.output_view();
    const View from = lowering.packed(lowering.input_view(0));
    const auto batch = steps ? batched_swap(*steps) : std::nullopt;
    if (program.rules.transposes_by_row && batch && result.whole() &&
        stream::bytes_of(result.type) <= 2) {
        swap_row_by_row(lowering, from, *batch, result, true);
        return;
    }
    const bool may_shuffle = program.rules.permutes_by_convolution || !steps;
    const auto shuffle = may_shuffle && stream::bytes_of(from.type) <= 2
                             ? shuffle_of(shape, permutation)
                             : std::nullopt;
    if (!shuffle && !steps) {
        const View made =
            result.whole() ? result : lowering.temporary(result.extent, result.type, "swapped");
        swap_row_by_row(lowering, from, *swap_in_rows(shape, permutation), made, false);
        lowering.place(made, result);
        return;
    }
    if (!shuffle || !steps) {
        shuffle ? shuffle_by_weights(lowering, from, *shuffle, result)
                : turn_by_strides(lowering, from, *steps, result);
        return;
    }
    // A choice: whichever is faster alone. A weight of zero takes a quarter of a byte at most.
    const std::size_t buffers = program.buffers.size();
    const auto weights = static_cast<std::int64_t>(shuffle->from.size() * shuffle->from.size()) / 4;
    const std::int64_t by_strides =
        cycles_of_last(lowering, turn_by_strides(lowering, from, *steps, result));
    program.buffers.resize(buffers);
    const std::int64_t by_weights =
        cycles_of_last(lowering, shuffle_by_weights(lowering, from, *shuffle, result), weights);
    program.buffers.resize(buffers);
    program.reasons.push_back(fmt::format("{}: {} cycles by strides, {} by weights",
                                          lowering.op().name, by_strides, by_weights));
    if (by_weights < by_strides) {
        shuffle_by_weights(lowering, from, *shuffle, result);
    } else {
        turn_by_strides(lowering, from, *steps, result);
    }
}

}  // namespace u65sim::compiler
