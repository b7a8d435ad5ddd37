// Reals of quantised and float16 tensors.
#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "arith/cpu_kernel_table.hpp"

namespace u65sim::arith {
namespace {

/// One scale and zero point for the tensor, or one a slice along its axis.
std::vector<Affine> affines_of(const CpuCall& call, const Tensor& tensor) {
    const auto& [scales, zero_points, axis] = tensor.quantization;
    if (scales.size() <= 1) return {affine_of(call, tensor)};
    if (axis < 0 || static_cast<std::size_t>(axis) >= tensor.shape.size() ||
        static_cast<std::int64_t>(scales.size()) != tensor.shape[static_cast<std::size_t>(axis)] ||
        zero_points.size() != scales.size()) {
        call.invalid(fmt::format("{}: as many scales as its axis is long are wanted", tensor.name));
    }
    std::vector<Affine> affines;
    for (std::size_t i = 0; i < scales.size(); ++i) {
        affines.push_back({scales[i], static_cast<std::int32_t>(zero_points[i])});
    }
    return affines;
}

/// Elements of one slice along the axis of quantisation.
std::size_t elements_behind_axis(const Tensor& tensor) {
    std::size_t count = 1;
    if (tensor.quantization.scales.size() <= 1) return count;
    for (auto i = static_cast<std::size_t>(tensor.quantization.axis) + 1; i < tensor.shape.size();
         ++i) {
        count *= static_cast<std::size_t>(std::max(tensor.shape[i], 1));
    }
    return count;
}

}  // namespace

float raw_to_float(std::int64_t raw, Affine from) {
    return static_cast<float>(static_cast<double>(from.scale) *
                              static_cast<double>(raw - from.zero_point));
}

std::vector<float> half_values(const CpuOperand& operand) {
    std::vector<float> values;
    values.reserve(operand.bytes.size() / 2);
    for (std::size_t at = 0; at + 1 < operand.bytes.size(); at += 2) {
        const std::uint32_t half =
            operand.bytes[at] | static_cast<std::uint32_t>(operand.bytes[at + 1]) << 8;
        const std::uint32_t sign = (half & 0x8000U) << 16;
        const std::uint32_t exponent = half >> 10 & 0x1FU;
        const std::uint32_t fraction = half & 0x3FFU;
        if (exponent == 0) {  // zero, or less than the smallest normal number
            const float small = std::ldexp(static_cast<float>(fraction), -24);
            values.push_back(sign != 0 ? -small : small);
            continue;
        }
        const std::uint32_t widened = exponent == 0x1FU ? 0xFFU : exponent + 127 - 15;
        values.push_back(std::bit_cast<float>(sign | widened << 23 | fraction << 13));
    }
    return values;
}

CpuResults cpu_dequantize(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    if (!is_float(call.output())) call.not_executable("wants a float32 output");
    if (input.tensor->type == ElementType::float16) return {store_floats(half_values(input))};
    const std::vector<Affine> from = affines_of(call, *input.tensor);
    const std::size_t inner = elements_behind_axis(*input.tensor);
    const auto raws = raw_values(call, input);
    std::vector<float> result;
    result.reserve(raws.size());
    for (std::size_t i = 0; i < raws.size(); ++i) {
        result.push_back(raw_to_float(raws[i], from[i / inner % from.size()]));
    }
    return {store_floats(result)};
}

}  // namespace u65sim::arith
