// LOG_SOFTMAX over the depth.
#include <algorithm>
#include <cmath>

#include "arith/cpu_kernel_table.hpp"
#include "arith/fixed_point.hpp"

namespace u65sim::arith {
namespace {

/// The 8-bit result is always quantised to -16..0 in steps of 1/16.
constexpr int steps_a_unit = 16;

std::vector<float> float_row(std::span<const float> row) {
    const float largest = *std::max_element(row.begin(), row.end());
    float sum = 0.0F;
    for (const float value : row) sum += std::exp(value - largest);
    const float log_sum = std::log(sum);
    std::vector<float> result;
    for (const float value : row) result.push_back(value - largest - log_sum);
    return result;
}

/// Multipliers of the signed kernel, which works on differences of at most 2^5 in Q5.26.
struct Scaling {
    Multiplier to_q5, from_q5;
    std::int32_t least = 0;  ///< differences below it count as infinite

    explicit Scaling(float input_scale) {
        constexpr int fraction_bits = 26;
        const double scale =
            std::min(static_cast<double>(input_scale) * (1 << fraction_bits), 2147483647.0);
        to_q5 = quantise(scale);
        const int left = 31 - to_q5.shift;
        from_q5 = quantise(std::ldexp(1.0, 31 - left) / static_cast<double>(to_q5.multiplier));
        constexpr double largest = 31.0 * (1 << fraction_bits);
        least = -static_cast<std::int32_t>(
            std::min(std::floor(std::ldexp(largest, -left)), 2147483647.0));
    }
};

void signed_row(std::span<const std::int64_t> row, const Scaling& scaling,
                std::span<std::int64_t> result) {
    const std::int64_t largest = *std::max_element(row.begin(), row.end());
    const auto difference = [&](std::size_t i) {
        return static_cast<std::int32_t>(row[i] - largest);
    };
    const auto in_q5 = [&](std::size_t i) {
        return multiply_by_quantised(difference(i), scaling.to_q5);
    };
    std::int32_t sum = 0;  // Q12.19
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (difference(i) < scaling.least) continue;
        sum += rescale_by_pot(exp_on_negative_values(in_q5(i)), -12);
    }
    const std::int32_t log_sum = log_of_q12(sum);
    const std::int32_t lowest = log_sum + std::numeric_limits<std::int32_t>::min();
    const std::int32_t least =
        std::max(scaling.least - 1, multiply_by_quantised(lowest, scaling.from_q5));
    for (std::size_t i = 0; i < row.size(); ++i) {
        constexpr int q27_from_q5 = 22;
        result[i] = -128;
        if (difference(i) <= least) continue;
        const std::int64_t value = rounding_divide_by_pot(in_q5(i) - log_sum, q27_from_q5);
        result[i] = std::clamp<std::int64_t>(value + 127, -128, 127);
    }
}

/// The unsigned kernel tabulates the exponentials in single precision.
void unsigned_row(std::span<const std::int64_t> row, float scale, std::span<std::int64_t> result) {
    const std::int64_t largest = *std::max_element(row.begin(), row.end());
    float sum = 0.0F;
    for (const std::int64_t value : row) {
        sum += std::exp(-scale * static_cast<float>(largest - value));
    }
    const float log_sum = std::log(sum);
    const float step = 1.0F / steps_a_unit;
    const float offset = scale * static_cast<float>(largest);
    for (std::size_t i = 0; i < row.size(); ++i) {
        const float log_prob = scale * static_cast<float>(row[i]) - offset - log_sum;
        const float steps = std::rint(log_prob / step);
        // Not a number, where the scale leaves what a float holds, is the lowest result too.
        result[i] = steps > -255.0F ? static_cast<std::int64_t>(std::min(steps, 0.0F)) + 255 : 0;
    }
}

}  // namespace

CpuResults cpu_log_softmax(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Tensor& output = call.output();
    if (input.tensor->shape.empty() || input.tensor->shape.back() <= 0) {
        call.invalid("a softmax over no elements");
    }
    const auto depth = static_cast<std::size_t>(input.tensor->shape.back());
    if (is_float(*input.tensor)) {
        std::vector<float> result;
        const auto values = float_values(call, input);
        for (std::size_t at = 0; at < values.size(); at += depth) {
            const auto row = float_row(std::span{values}.subspan(at, depth));
            result.insert(result.end(), row.begin(), row.end());
        }
        return {store_floats(result)};
    }
    const bool is_signed = input.tensor->type == ElementType::int8;
    if (output.type != input.tensor->type ||
        (!is_signed && input.tensor->type != ElementType::uint8)) {
        call.not_executable("no kernel for this element type");
    }
    const float scale = affine_of(call, *input.tensor).scale;
    const auto raw = raw_values(call, input);
    std::vector<std::int64_t> result(raw.size());
    for (std::size_t at = 0; at < raw.size(); at += depth) {
        const auto row = std::span{raw}.subspan(at, depth);
        const auto target = std::span{result}.subspan(at, depth);
        if (is_signed) {
            signed_row(row, Scaling{scale}, target);
        } else {
            unsigned_row(row, scale, target);
        }
    }
    return {store_raw(call, output.type, result)};
}

}  // namespace u65sim::arith
