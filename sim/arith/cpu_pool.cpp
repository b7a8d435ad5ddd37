// Pools and reductions on the CPU.
#include <algorithm>
#include <bit>
#include <limits>

#include <fmt/format.h>

#include "arith/cpu_operands.hpp"
#include "arith/fixed_point.hpp"

namespace u65sim::arith {
namespace {

/// Which of the input's dimensions the constant axes of a reduction name.
std::vector<bool> reduced_axes(const CpuCall& call, std::size_t rank) {
    std::vector<bool> reduced(rank, false);
    for (const std::int64_t axis : integers(call, 1)) {
        reduced[normalised_axis(call, axis, rank)] = true;
    }
    return reduced;
}

/// Combines the elements over the reduced axes, in the order of the kept ones.
template <class Combine>
std::vector<std::int64_t> reduced(const CpuCall& call, std::int64_t start, Combine combine) {
    const CpuOperand& input = call.input(0);
    const Shape& shape = input.tensor->shape;
    const auto axes = reduced_axes(call, shape.size());
    const auto raw = raw_values(call, input);
    std::vector<std::int64_t> result(static_cast<std::size_t>(elements(call.output())), start);
    for (std::size_t i = 0; i < raw.size(); ++i) {
        std::size_t rest = i;
        std::size_t at = 0;
        std::size_t stride = 1;
        for (std::size_t k = shape.size(); k-- > 0;) {
            const auto extent = static_cast<std::size_t>(shape[k]);
            if (!axes[k]) {
                at += rest % extent * stride;
                stride *= extent;
            }
            rest /= extent;
        }
        if (at >= result.size()) call.invalid("the output's shape disagrees with the axes");
        result[at] = combine(result[at], raw[i]);
    }
    return result;
}

}  // namespace

CpuResults cpu_pool(const CpuCall& call) {
    const auto& window = call.attributes<WindowAttributes>();
    const bool average = call.op.type == OpType::average_pool_2d;
    const CpuOperand& input = call.input(0);
    const Shape& in = input.tensor->shape;
    const Shape& out = call.output().shape;
    if (in.size() != 4 || out.size() != 4 || in[0] != out[0] || in[3] != out[3]) {
        call.invalid("a pool needs maps of 4 dimensions and equal depth");
    }
    const RawRange range = clamp_range(call, call.output(), window.activation);
    const auto raw = raw_values(call, input);
    const std::int64_t top =
        padding_before(window.padding, in[1], out[1], window.filter_h, window.stride_h, 1);
    const std::int64_t left =
        padding_before(window.padding, in[2], out[2], window.filter_w, window.stride_w, 1);
    std::vector<std::int64_t> result;
    for_each_place(out[0], out[1], out[2], [&](std::int64_t b, std::int64_t y, std::int64_t x) {
        const std::int64_t y0 = y * window.stride_h - top;
        const std::int64_t x0 = x * window.stride_w - left;
        const std::int64_t first_y = std::max<std::int64_t>(y0, 0);
        const std::int64_t first_x = std::max<std::int64_t>(x0, 0);
        const std::int64_t last_y = std::min<std::int64_t>(y0 + window.filter_h, in[1]);
        const std::int64_t last_x = std::min<std::int64_t>(x0 + window.filter_w, in[2]);
        const std::int64_t count = (last_y - first_y) * (last_x - first_x);
        if (last_y <= first_y || last_x <= first_x) call.invalid("a window without elements");
        for (std::int64_t c = 0; c < in[3]; ++c) {
            std::int64_t sum = 0;
            std::int64_t largest = std::numeric_limits<std::int64_t>::min();
            for (std::int64_t iy = first_y; iy < last_y; ++iy) {
                for (std::int64_t ix = first_x; ix < last_x; ++ix) {
                    const std::int64_t value =
                        raw[static_cast<std::size_t>(((b * in[1] + iy) * in[2] + ix) * in[3] + c)];
                    sum += value;
                    largest = std::max(largest, value);
                }
            }
            // Half away from zero.
            const std::int64_t mean = (sum + (sum >= 0 ? count / 2 : -(count / 2))) / count;
            result.push_back(std::clamp(average ? mean : largest, range.low, range.high));
        }
    });
    return {store_raw(call, call.output().type, result)};
}

CpuResults cpu_mean(const CpuCall& call) {
    const Affine in = affine_of(call, *call.input(0).tensor);
    const Affine out = affine_of(call, call.output());
    auto sums = reduced(
        call, 0, [&](std::int64_t sum, std::int64_t value) { return sum + value - in.zero_point; });
    const std::int64_t count = elements(*call.input(0).tensor) /
                               std::max<std::int64_t>(static_cast<std::int64_t>(sums.size()), 1);
    if (count < 1) call.invalid("a mean over no elements");
    // The division is folded into the multiplier, with as many bits as stay exact.
    const Multiplier full =
        quantise(static_cast<double>(in.scale) / static_cast<double>(out.scale));
    const int bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(count))) - 1;
    const int folded = std::max(std::min({bits, 32, 62 - full.shift}), 0);
    const Multiplier mean{static_cast<std::uint32_t>((std::uint64_t{full.multiplier} << folded) /
                                                     static_cast<std::uint64_t>(count)),
                          full.shift + folded};
    const RawRange range = raw_range(call, call.output().type);
    for (std::int64_t& value : sums) {
        if (value != static_cast<std::int32_t>(value)) {
            call.not_executable("a sum leaves 32 bits");
        }
        value = std::clamp<std::int64_t>(
            std::int64_t{multiply_by_quantised(static_cast<std::int32_t>(value), mean)} +
                out.zero_point,
            range.low, range.high);
    }
    return {store_raw(call, call.output().type, sums)};
}

CpuResults cpu_reduce_max(const CpuCall& call) {
    const auto result = reduced(call, std::numeric_limits<std::int64_t>::min(),
                                [](std::int64_t a, std::int64_t b) { return std::max(a, b); });
    return {store_raw(call, call.output().type, result)};
}

}  // namespace u65sim::arith
