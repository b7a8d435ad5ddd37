// CPU operators that compute: conversions between numbers, and simple functions of them.
#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "arith/cpu_kernel_table.hpp"
#include "arith/element_functions.hpp"
#include "arith/fixed_point.hpp"
#include "arith/table_function.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::arith {
namespace {

std::int64_t float_to_raw(float value, Affine to, RawRange range) {
    const float rounded = std::round(value / to.scale);
    if (std::isnan(rounded)) return range.low;
    constexpr float bound = 2e9F;
    const auto whole = static_cast<std::int64_t>(std::clamp(rounded, -bound, bound));
    return std::clamp(whole + to.zero_point, range.low, range.high);
}

float raw_to_float(std::int64_t raw, Affine from) {
    return static_cast<float>(static_cast<double>(from.scale) *
                              static_cast<double>(raw - from.zero_point));
}

/// The 256-entry table of an 8-bit function.
Table8 table_of(const CpuCall& call, bool is_signed, Affine in, Affine out) {
    if (const auto table = curve_table8(call.op, is_signed, in, out)) return *table;
    call.not_executable("no 8-bit kernel for this operator");
}

std::vector<float> softmax_row(std::span<const float> row, float beta) {
    const float largest = *std::max_element(row.begin(), row.end());
    std::vector<float> result;
    float sum = 0.0F;
    for (const float value : row) {
        result.push_back(std::exp((value - largest) * beta));
        sum += result.back();
    }
    for (float& value : result) value /= sum;
    return result;
}

/// 8-bit softmax with the exponentials of all 256 differences in single precision.
void softmax_row_8bit(std::span<const std::int64_t> row, float scale, Affine out, RawRange range,
                      std::span<std::int64_t> result) {
    const std::int64_t largest = *std::max_element(row.begin(), row.end());
    std::vector<float> powers;
    float sum = 0.0F;
    for (const std::int64_t value : row) {
        powers.push_back(std::exp(-scale * static_cast<float>(largest - value)));
        sum += powers.back();
    }
    const float inverse = 1.0F / (sum * out.scale);
    for (std::size_t i = 0; i < row.size(); ++i) {
        constexpr double bound = 2e9;
        const double share = std::floor(static_cast<double>(powers[i] * inverse) + 0.5);
        const auto raw = static_cast<std::int64_t>(share < bound ? share : bound);
        result[i] = std::clamp(raw + out.zero_point, range.low, range.high);
    }
}

void softmax_row_16bit(std::span<const std::int64_t> row, Multiplier to_table,
                       std::span<std::int64_t> result) {
    static const Table16 exponentials = softmax_exp_table16();
    static const Table16 reciprocals = softmax_reciprocal_table16();
    const std::int64_t largest = *std::max_element(row.begin(), row.end());
    std::vector<std::int64_t> powers;
    std::int64_t sum = 0;
    for (const std::int64_t value : row) {
        const std::int64_t index =
            multiply_by_quantised(static_cast<std::int32_t>(value - largest), to_table) + 32767;
        powers.push_back(look_up16(exponentials, static_cast<std::int16_t>(std::clamp<std::int64_t>(
                                                     index, -32768, 32767))));
        sum += powers.back();
    }
    const int zeros = std::countl_zero(static_cast<std::uint32_t>(sum));
    const std::int64_t shifted = ((sum << (zeros - 1)) + (1 << 13)) >> 14;
    const auto centred =
        static_cast<std::int16_t>(std::clamp<std::int64_t>(shifted - 65536 - 32768, -32768, 32767));
    const std::int64_t reciprocal = look_up16(reciprocals, centred);
    const int right = 31 - zeros;
    const std::int64_t half = right > 0 ? std::int64_t{1} << (right - 1) : 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
        result[i] = std::clamp<std::int64_t>((powers[i] * reciprocal + half) >> right, 0, 32767);
    }
}

/// From one quantisation to another, through a clamp; `magnitudes`: without the sign.
CpuResults cpu_rescale(const CpuCall& call, Activation clamp, bool magnitudes = false) {
    const CpuOperand& input = call.input(0);
    const Tensor& output = call.output();
    const Affine from = affine_of(call, *input.tensor);
    const Affine to = affine_of(call, output);
    const RawRange range = clamp_range(call, output, clamp);
    const Multiplier scale =
        quantise(static_cast<double>(from.scale) / static_cast<double>(to.scale));
    auto raw = raw_values(call, input);
    for (std::int64_t& value : raw) {
        const std::int64_t centred = value - from.zero_point;
        const auto difference = static_cast<std::int32_t>(magnitudes ? std::abs(centred) : centred);
        value = std::clamp<std::int64_t>(
            std::int64_t{multiply_by_quantised(difference, scale)} + to.zero_point, range.low,
            range.high);
    }
    return {store_raw(call, output.type, raw)};
}

/// What a fused clamp lets through of unscaled integers.
RawRange plain_range(const CpuCall& call) {
    const RawRange whole = raw_range(call, call.output().type);
    const auto* arithmetic = std::get_if<ArithmeticAttributes>(&call.op.attributes);
    switch (arithmetic == nullptr ? Activation::none : arithmetic->activation) {
        case Activation::none:
            return whole;
        case Activation::relu:
            return {0, whole.high};
        case Activation::relu6:
            return {0, 6};
        case Activation::relu_n1_to_1:
            return {-1, 1};
        default:
            break;
    }
    call.not_executable("no kernel for this fused activation");
}

CpuResults plain_binary(const CpuCall& call) {
    const WholePair function = whole_pair(call);
    const RawRange range = plain_range(call);
    const bool narrow = bytes_of_element(call.output()) == 4;
    const auto a = raw_values(call, call.input(0));
    const auto b = raw_values(call, call.input(1));
    std::vector<std::int64_t> result(static_cast<std::size_t>(elements(call.output())));
    for (std::size_t i = 0; i < result.size(); ++i) {
        const std::size_t from_a = broadcast_position(call, call.input(0).tensor->shape, i);
        const std::size_t from_b = broadcast_position(call, call.input(1).tensor->shape, i);
        if (from_a >= a.size() || from_b >= b.size()) call.invalid("operand shapes disagree");
        const std::uint64_t bits = function(call, a[from_a], b[from_b]);
        const std::int64_t value = narrow ? std::int64_t{static_cast<std::int32_t>(bits)}
                                          : static_cast<std::int64_t>(bits);
        result[i] = std::clamp(value, range.low, range.high);
    }
    return {store_raw(call, call.output().type, result)};
}

/// Unscaled integers of 32 or 64 bits: the sign, absolute values and squares, which wrap around.
CpuResults plain_unary(const CpuCall& call) {
    auto raw = raw_values(call, call.input(0));
    const WholeFunction function = whole_function(call);
    for (std::int64_t& value : raw) value = function(value);
    return {store_raw(call, call.output().type, raw)};
}

/// Elements of a float16 tensor.
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

}  // namespace

CpuResults cpu_quantize(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Tensor& output = call.output();
    if (!is_float(*input.tensor)) return cpu_rescale(call, Activation::none);
    const Affine to = affine_of(call, output);
    const RawRange range = raw_range(call, output.type);
    std::vector<std::int64_t> raw;
    for (const float value : float_values(call, input)) {
        raw.push_back(float_to_raw(value, to, range));
    }
    return {store_raw(call, output.type, raw)};
}

CpuResults cpu_dequantize(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    if (!is_float(call.output())) call.not_executable("wants a float32 output");
    if (input.tensor->type == ElementType::float16) return {store_floats(half_values(input))};
    const Affine from = affine_of(call, *input.tensor);
    const auto raws = raw_values(call, input);
    std::vector<float> result;
    result.reserve(raws.size());
    for (const std::int64_t raw : raws) {
        result.push_back(raw_to_float(raw, from));
    }
    return {store_floats(result)};
}

CpuResults cpu_cast(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Tensor& output = call.output();
    if (input.tensor->type == output.type) return cpu_reshape(call);
    if (input.tensor->type == ElementType::float16 && is_float(output)) {
        return {store_floats(half_values(input))};
    }
    if (is_float(*input.tensor)) {
        const RawRange range = raw_range(call, output.type);
        std::vector<std::int64_t> raw;
        for (const float value : float_values(call, input)) {
            constexpr float bound = 9e18F;
            const float finite = std::isnan(value) ? 0.0F : std::clamp(value, -bound, bound);
            raw.push_back(std::clamp(static_cast<std::int64_t>(finite), range.low, range.high));
        }
        return {store_raw(call, output.type, raw)};
    }
    const auto raw = raw_values(call, input);
    if (!is_float(output)) return {store_raw(call, output.type, raw)};
    return {store_floats(std::vector<float>(raw.begin(), raw.end()))};
}

CpuResults cpu_softmax(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Tensor& output = call.output();
    const float beta = call.attributes<SoftmaxAttributes>().beta;
    if (input.tensor->shape.empty() || input.tensor->shape.back() <= 0) {
        call.invalid("a softmax over no elements");
    }
    const auto depth = static_cast<std::size_t>(input.tensor->shape.back());
    if (is_float(*input.tensor)) {
        const auto values = float_values(call, input);
        std::vector<float> result;
        for (std::size_t at = 0; at < values.size(); at += depth) {
            const auto row = softmax_row(std::span{values}.subspan(at, depth), beta);
            result.insert(result.end(), row.begin(), row.end());
        }
        return {store_floats(result)};
    }
    const Affine in = affine_of(call, *input.tensor);
    const Affine out = affine_of(call, output);
    const RawRange range = raw_range(call, output.type);
    const auto raw = raw_values(call, input);
    std::vector<std::int64_t> result(raw.size());
    const std::size_t size = bytes_of_element(*input.tensor);
    if (size > 2) call.not_executable("no softmax kernel for this element type");
    const Multiplier to_table =
        quantise(static_cast<double>(in.scale) * static_cast<double>(beta) / (10.0 / 65535.0));
    for (std::size_t at = 0; at < raw.size(); at += depth) {
        const auto row = std::span{raw}.subspan(at, depth);
        const auto target = std::span{result}.subspan(at, depth);
        if (size == 1) {
            softmax_row_8bit(row, in.scale * beta, out, range, target);
        } else {
            softmax_row_16bit(row, to_table, target);
        }
    }
    return {store_raw(call, output.type, result)};
}

CpuResults cpu_arg_max(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const auto axis_value = integers(call, 1);
    if (axis_value.size() != 1) call.invalid("the axis must be one integer");
    const Shape& shape = input.tensor->shape;
    const std::size_t axis = normalised_axis(call, axis_value.front(), shape.size());
    std::size_t inner = 1;
    for (std::size_t i = axis + 1; i < shape.size(); ++i)
        inner *= static_cast<std::size_t>(shape[i]);
    const auto extent = static_cast<std::size_t>(shape[axis]);
    const bool least = call.op.type == OpType::arg_min;
    const auto find = [&](const auto& values) {
        std::vector<std::int64_t> result;
        if (extent == 0 || inner == 0) return result;
        for (std::size_t outer = 0; outer < values.size(); outer += extent * inner) {
            for (std::size_t i = 0; i < inner; ++i) {
                std::size_t best = 0;
                for (std::size_t k = 1; k < extent; ++k) {
                    const auto value = values[outer + k * inner + i];
                    const auto known = values[outer + best * inner + i];
                    if (least ? value < known : value > known) best = k;
                }
                result.push_back(static_cast<std::int64_t>(best));
            }
        }
        return result;
    };
    const auto result =
        is_float(*input.tensor) ? find(float_values(call, input)) : find(raw_values(call, input));
    return {store_raw(call, call.output().type, result)};
}

CpuResults cpu_binary(const CpuCall& call) {
    const CpuOperand& first = call.input(0);
    const CpuOperand& second = call.input(1);
    const Tensor& output = call.output();
    const bool same = first.tensor->type == output.type && second.tensor->type == output.type;
    if (same && bytes_of_element(output) >= 4 && !is_float(output)) return plain_binary(call);
    if (!same || !is_float(output)) return cpu_quantised_binary(call);
    const RealPair function = real_pair(call);
    const auto a = float_values(call, first);
    const auto b = float_values(call, second);
    const auto* arithmetic = std::get_if<ArithmeticAttributes>(&call.op.attributes);
    const Activation activation = arithmetic == nullptr ? Activation::none : arithmetic->activation;
    std::vector<float> result(static_cast<std::size_t>(elements(output)));
    for (std::size_t i = 0; i < result.size(); ++i) {
        const std::size_t from_a = broadcast_position(call, first.tensor->shape, i);
        const std::size_t from_b = broadcast_position(call, second.tensor->shape, i);
        if (from_a >= a.size() || from_b >= b.size()) call.invalid("operand shapes disagree");
        result[i] = activated(call, activation, function(a[from_a], b[from_b]));
    }
    return {store_floats(result)};
}

CpuResults cpu_unary16(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Affine in = affine_of(call, *input.tensor);
    const Affine out = affine_of(call, call.output());
    std::function<std::int64_t(std::int32_t)> function;
    switch (call.op.type) {
        case OpType::leaky_relu:
            return cpu_leaky_relu16(call);
        case OpType::sqrt:
            function = [=](std::int32_t value) {
                const float real = in.scale * static_cast<float>(value - in.zero_point);
                return static_cast<std::int64_t>(std::sqrt(std::max(real, 0.0F)) / out.scale) +
                       out.zero_point;
            };
            break;
        default: {
            const auto known = table_function(call.op);
            const bool other = call.op.type == OpType::logistic || call.op.type == OpType::tanh;
            if (!known || other) call.not_executable("no 16-bit kernel for this operator");
            function = [table = function_table16(*known, in, out)](std::int32_t value) {
                return std::int64_t{look_up16(table, static_cast<std::int16_t>(value))};
            };
        }
    }
    auto raw = raw_values(call, input);
    for (std::int64_t& value : raw) {
        value = std::clamp<std::int64_t>(function(static_cast<std::int32_t>(value)), -32768, 32767);
    }
    return {store_raw(call, ElementType::int16, raw)};
}

CpuResults cpu_unary(const CpuCall& call) {
    const CpuOperand& input = call.input(0);
    const Tensor& output = call.output();
    if (is_float(*input.tensor)) {
        std::vector<float> result = float_values(call, input);
        const RealFunction function = real_function(call);
        for (float& value : result) value = function(call, value);
        return {store_floats(result)};
    }
    if (bytes_of_element(*input.tensor) >= 4 && output.type == input.tensor->type) {
        return plain_unary(call);
    }
    if (const auto clamp = ir::clamp_of(call.op.type)) return cpu_rescale(call, *clamp);
    if (call.op.type == OpType::abs) return cpu_rescale(call, Activation::none, true);
    if (input.tensor->type == ElementType::int16 && output.type == ElementType::int16) {
        return cpu_unary16(call);
    }
    const bool is_signed = input.tensor->type == ElementType::int8;
    if ((!is_signed && input.tensor->type != ElementType::uint8) ||
        output.type != input.tensor->type) {
        call.not_executable("no CPU kernel for this element type");
    }
    const Table8 table =
        table_of(call, is_signed, affine_of(call, *input.tensor), affine_of(call, output));
    CpuBytes result(input.bytes.begin(), input.bytes.end());
    for (std::uint8_t& byte : result) byte = table[is_signed ? byte ^ 0x80U : byte];
    return {result};
}

}  // namespace u65sim::arith
