// Pools and reductions on the CPU.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "arith/cpu_kernel_table.hpp"
#include "arith/fixed_point.hpp"
#include "arith/rescale.hpp"

namespace u65sim::arith {
namespace {

/// The part of a pool's window that lies inside of the map; ends are not included.
struct Window {
    std::int64_t batch, first_y, last_y, first_x, last_x;
    [[nodiscard]] std::int64_t elements() const { return (last_y - first_y) * (last_x - first_x); }
};

/// Which of the input's dimensions the constant axes of a reduction name.
std::vector<bool> reduced_axes(const CpuCall& call, std::size_t rank) {
    std::vector<bool> reduced(rank, false);
    for (const std::int64_t axis : integers(call, 1)) {
        reduced[normalised_axis(call, axis, rank)] = true;
    }
    return reduced;
}

/// Combines the elements over the reduced axes, in the order of the kept ones.
template <class Value, class Combine>
std::vector<Value> reduced(const CpuCall& call, const std::vector<Value>& raw, Value start,
                           Combine combine) {
    const Shape& shape = call.input(0).tensor->shape;
    const auto axes = reduced_axes(call, shape.size());
    std::vector<Value> result(static_cast<std::size_t>(elements(call.output())), start);
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

/// Elements that come together in one of `results`.
std::int64_t reduced_count(const CpuCall& call, std::size_t results) {
    const auto parts = std::max<std::int64_t>(static_cast<std::int64_t>(results), 1);
    const std::int64_t count = elements(*call.input(0).tensor) / parts;
    if (count < 1) call.invalid("a reduction of no elements");
    return count;
}

/// Sums without the input's zero point, which must stay in 32 bits.
std::vector<std::int64_t> quantised_sums(const CpuCall& call, Affine in) {
    auto sums =
        reduced(call, raw_values(call, call.input(0)), std::int64_t{0},
                [&](std::int64_t sum, std::int64_t value) { return sum + value - in.zero_point; });
    for (const std::int64_t sum : sums) {
        if (sum != static_cast<std::int32_t>(sum)) call.not_executable("a sum leaves 32 bits");
    }
    return sums;
}

CpuResults rescaled(const CpuCall& call, std::vector<std::int64_t> sums, Multiplier scale,
                    Affine out) {
    const RawRange range = raw_range(call, call.output().type);
    for (std::int64_t& value : sums) {
        value = std::clamp<std::int64_t>(
            std::int64_t{multiply_by_quantised(static_cast<std::int32_t>(value), scale)} +
                out.zero_point,
            range.low, range.high);
    }
    return {store_raw(call, call.output().type, sums)};
}

std::vector<float> float_sums(const CpuCall& call) {
    return reduced(call, float_values(call, call.input(0)), 0.0F,
                   [](float sum, float value) { return sum + value; });
}

/// Calls visit(first row, end row, first column, end column, batch) for each window's part inside
/// of the map.
template <class Visit>
void for_each_window(const CpuCall& call, const WindowAttributes& window, Visit visit) {
    const Shape& in = call.input(0).tensor->shape;
    const Shape& out = call.output().shape;
    if (in.size() != 4 || out.size() != 4 || in[0] != out[0] || in[3] != out[3]) {
        call.invalid("a pool needs maps of 4 dimensions and equal depth");
    }
    const std::int64_t top =
        padding_before(window.padding, in[1], out[1], window.filter_h, window.stride_h, 1);
    const std::int64_t left =
        padding_before(window.padding, in[2], out[2], window.filter_w, window.stride_w, 1);
    for_each_place(out[0], out[1], out[2], [&](std::int64_t b, std::int64_t y, std::int64_t x) {
        const std::int64_t y0 = y * window.stride_h - top;
        const std::int64_t x0 = x * window.stride_w - left;
        const Window inside{
            b, std::max<std::int64_t>(y0, 0), std::min<std::int64_t>(y0 + window.filter_h, in[1]),
            std::max<std::int64_t>(x0, 0), std::min<std::int64_t>(x0 + window.filter_w, in[2])};
        if (inside.last_y <= inside.first_y || inside.last_x <= inside.first_x) {
            call.invalid("a window without elements");
        }
        visit(inside);
    });
}

/// Sum and maximum of each channel of each window, and the windows' elements.
template <class Value, class Finish>
std::vector<Value> pooled(const CpuCall& call, const std::vector<Value>& values, Finish finish) {
    const auto& window = call.attributes<WindowAttributes>();
    const Shape& in = call.input(0).tensor->shape;
    std::vector<Value> result;
    for_each_window(call, window, [&](const Window& inside) {
        for (std::int64_t c = 0; c < in[3]; ++c) {
            Value sum{0};
            Value largest = std::numeric_limits<Value>::lowest();
            for (std::int64_t y = inside.first_y; y < inside.last_y; ++y) {
                for (std::int64_t x = inside.first_x; x < inside.last_x; ++x) {
                    const Value value = values[static_cast<std::size_t>(
                        ((inside.batch * in[1] + y) * in[2] + x) * in[3] + c)];
                    sum += value;
                    largest = std::max(largest, value);
                }
            }
            result.push_back(finish(sum, largest, inside.elements()));
        }
    });
    return result;
}

}  // namespace

CpuResults cpu_pool(const CpuCall& call) {
    const auto& window = call.attributes<WindowAttributes>();
    const bool average = call.op.type == OpType::average_pool_2d;
    const CpuOperand& input = call.input(0);
    if (is_float(*input.tensor)) {
        return {store_floats(pooled(
            call, float_values(call, input), [&](float sum, float largest, std::int64_t count) {
                return activated(call, window.activation,
                                 average ? sum / static_cast<float>(count) : largest);
            }))};
    }
    const RawRange range = clamp_range(call, call.output(), window.activation);
    const auto result =
        pooled(call, raw_values(call, input),
               [&](std::int64_t sum, std::int64_t largest, std::int64_t count) {
                   // Half away from zero.
                   const std::int64_t mean = (sum + (sum >= 0 ? count / 2 : -(count / 2))) / count;
                   return std::clamp(average ? mean : largest, range.low, range.high);
               });
    return {store_raw(call, call.output().type, result)};
}

CpuResults cpu_mean(const CpuCall& call) {
    if (is_float(*call.input(0).tensor)) {
        auto sums = float_sums(call);
        const auto count = static_cast<float>(reduced_count(call, sums.size()));
        for (float& value : sums) value /= count;
        return {store_floats(sums)};
    }
    const Affine in = affine_of(call, *call.input(0).tensor);
    const Affine out = affine_of(call, call.output());
    auto sums = quantised_sums(call, in);
    const std::int64_t count = reduced_count(call, sums.size());
    // The division is folded into the multiplier, with as many bits as stay exact.
    const Multiplier full =
        quantise(static_cast<double>(in.scale) / static_cast<double>(out.scale));
    const int bits = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(count))) - 1;
    const int folded = std::max(std::min({bits, 32, 62 - full.shift}), 0);
    const Multiplier mean{static_cast<std::uint32_t>((std::uint64_t{full.multiplier} << folded) /
                                                     static_cast<std::uint64_t>(count)),
                          full.shift + folded};
    return rescaled(call, std::move(sums), mean, out);
}

CpuResults cpu_l2_pool(const CpuCall& call) {
    const auto& window = call.attributes<WindowAttributes>();
    auto squares = float_values(call, call.input(0));
    for (float& value : squares) value *= value;
    return {store_floats(pooled(call, squares, [&](float sum, float, std::int64_t count) {
        return activated(call, window.activation, std::sqrt(sum / static_cast<float>(count)));
    }))};
}

CpuResults cpu_reduce_logical(const CpuCall& call) {
    if (call.input(0).tensor->type != ElementType::boolean)
        call.not_executable("wants truth values");
    const bool all = call.op.type == OpType::reduce_all;
    return {store_raw(call, call.output().type,
                      reduced(call, raw_values(call, call.input(0)), std::int64_t{all ? 1 : 0},
                              [all](std::int64_t a, std::int64_t b) {
                                  return std::int64_t{all ? a != 0 && b != 0 : a != 0 || b != 0};
                              }))};
}

namespace {

/// Products of quantised elements, scaled at each step so that they stay within 32 bits.
CpuResults quantised_product(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Tensor& output = call.output();
    if (input.tensor->type != output.type) call.not_executable("operands of different types");
    const Affine in = affine_of(call, *input.tensor);
    const Affine out = affine_of(call, output);
    const std::int64_t terms =
        elements(*input.tensor) / std::max<std::int64_t>(elements(output), 1);
    const Multiplier scale = reduce_to_16_bits(
        quantise(static_cast<double>(in.scale) /
                 std::pow(static_cast<double>(out.scale), 1.0 / static_cast<double>(terms))));
    const auto scaled = [&](std::int64_t value) {
        return round_shift(value, scale.multiplier, scale.shift, RoundingMode::natural);
    };
    auto raw = raw_values(call, input);
    for (std::int64_t& value : raw) value -= in.zero_point;
    // The first element comes as it is: no product is taken with the 1 that stands for none.
    constexpr std::int64_t none = INT64_MIN;
    auto products = reduced(call, raw, none, [&](std::int64_t product, std::int64_t value) {
        return product == none ? value : static_cast<std::int32_t>(scaled(product * value));
    });
    const RawRange range = raw_range(call, output.type);
    for (std::int64_t& product : products) {
        product = std::clamp(scaled(product) + out.zero_point, range.low, range.high);
    }
    return {store_raw(call, output.type, products)};
}

}  // namespace

CpuResults cpu_reduce_prod(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    if (is_float(*input.tensor)) {
        return {store_floats(reduced(call, float_values(call, input), 1.0F,
                                     [](float a, float b) { return a * b; }))};
    }
    if (bytes_of_element(*input.tensor) < 4) return quantised_product(call);
    return {store_raw(
        call, call.output().type,
        reduced(call, raw_values(call, input), std::int64_t{1}, [](std::int64_t a, std::int64_t b) {
            return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) *
                                             static_cast<std::uint64_t>(b));
        }))};
}

namespace {

/// Sums of elements with their zero points, which come off in single precision.
CpuResults sums_rounded_once(const CpuCall& call, const Affine& in, const Affine& out) {
    auto sums = reduced(call, raw_values(call, call.input(0)), std::int64_t{0},
                        [](std::int64_t a, std::int64_t b) { return a + b; });
    const auto count = static_cast<float>(reduced_count(call, sums.size()));
    const float scale = in.scale / out.scale;
    const float bias = static_cast<float>(-in.zero_point) * scale * count;
    const RawRange range = raw_range(call, call.output().type);
    for (std::int64_t& sum : sums) {
        const float value =
            std::round(static_cast<float>(sum) * scale + bias) + static_cast<float>(out.zero_point);
        // Of scales so far apart that products are infinite, one minus another is no number.
        sum = std::isnan(value)
                  ? range.low
                  : static_cast<std::int64_t>(std::clamp(value, static_cast<float>(range.low),
                                                         static_cast<float>(range.high)));
    }
    return {store_raw(call, call.output().type, sums)};
}

}  // namespace

CpuResults cpu_sum(const CpuCall& call) {
    if (is_float(*call.input(0).tensor)) return {store_floats(float_sums(call))};
    if (bytes_of_element(*call.input(0).tensor) > 2) {
        return {store_raw(call, call.output().type,
                          reduced(call, raw_values(call, call.input(0)), std::int64_t{0},
                                  [](std::int64_t a, std::int64_t b) { return a + b; }))};
    }
    const Affine in = affine_of(call, *call.input(0).tensor);
    const Affine out = affine_of(call, call.output());
    if (sum_rounds_once(*call.input(0).tensor)) return sums_rounded_once(call, in, out);
    return rescaled(call, quantised_sums(call, in),
                    quantise(static_cast<double>(in.scale) / static_cast<double>(out.scale)), out);
}

CpuResults cpu_reduce_max(const CpuCall& call) {
    const bool least = call.op.type == OpType::reduce_min;
    const auto better = [=](auto a, auto b) { return least ? std::min(a, b) : std::max(a, b); };
    const CpuOperand& input = call.input(0);
    if (is_float(*input.tensor)) {
        constexpr float far = std::numeric_limits<float>::max();
        return {store_floats(reduced(call, float_values(call, input), least ? far : -far, better))};
    }
    using Limits = std::numeric_limits<std::int64_t>;
    return {store_raw(
        call, call.output().type,
        reduced(call, raw_values(call, input), least ? Limits::max() : Limits::min(), better))};
}

}  // namespace u65sim::arith
