#include "arith/cpu_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <list>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "arith/cpu_kernel_table.hpp"
#include "arith/cpu_operands.hpp"
#include "arith/hybrid.hpp"
#include "arith/rescale.hpp"
#include "ir/builtins.hpp"
#include "ir/types.hpp"

namespace u65sim::arith {

const CpuOperand& CpuCall::input(std::size_t index) const {
    if (!has_input(index)) invalid(fmt::format("operand {} is missing", index));
    return inputs[index];
}

bool CpuCall::has_input(std::size_t index) const {
    return index < inputs.size() && inputs[index].tensor != nullptr;
}

const Tensor& CpuCall::output(std::size_t index) const {
    if (index >= outputs.size() || outputs[index] == nullptr) {
        invalid(fmt::format("output {} is missing", index));
    }
    return *outputs[index];
}

void CpuCall::not_executable(const std::string& why) const {
    throw NotExecutable(fmt::format("{} ({}): {}", op.name, ir::kind_name(op), why));
}

void CpuCall::invalid(const std::string& why) const {
    throw InvalidModel(fmt::format("{}: {}", op.name, why));
}

std::int64_t elements(const Tensor& tensor) {
    std::int64_t count = 1;
    for (const std::int32_t extent : tensor.shape) {
        count = detail::checked_mul(count, std::max(extent, 0));
    }
    return count;
}

std::size_t bytes_of_element(const Tensor& tensor) {
    return static_cast<std::size_t>(element_bytes(tensor.type));
}

std::size_t normalised_axis(const CpuCall& call, std::int64_t axis, std::size_t rank) {
    const auto extent = static_cast<std::int64_t>(rank);
    if (axis < -extent || axis >= extent) {
        call.invalid(fmt::format("axis {}: must be within {} dimensions", axis, rank));
    }
    return static_cast<std::size_t>(axis < 0 ? axis + extent : axis);
}

RawRange raw_range(const CpuCall& call, ElementType type) {
    if (type == ElementType::boolean) return {0, 1};
    if (const auto range = ir::value_range(type)) return *range;
    call.not_executable("no kernel for this element type");
}

Affine affine_of(const CpuCall& call, const Tensor& tensor) {
    const Quantization& quantisation = tensor.quantization;
    if (quantisation.scales.size() != 1) {
        call.not_executable(fmt::format("{}: wants one scale for the whole tensor", tensor.name));
    }
    Affine result{quantisation.scales.front(), 0};
    if (!quantisation.zero_points.empty()) {
        result.zero_point = static_cast<std::int32_t>(quantisation.zero_points.front());
    }
    if (!std::isfinite(result.scale) || result.scale <= 0.0F) {
        call.invalid(fmt::format("{}: scale {}: must be above 0", tensor.name, result.scale));
    }
    return result;
}

RawRange clamp_range(const CpuCall& call, const Tensor& output, Activation activation) {
    const RawRange whole = raw_range(call, output.type);
    if (activation == Activation::none) return whole;
    if (activation == Activation::tanh || activation == Activation::sign_bit) {
        call.not_executable("no kernel for this fused activation");
    }
    const Affine affine = affine_of(call, output);
    const auto range = activation_range(
        activation, affine.scale, affine.zero_point,
        {static_cast<std::int32_t>(whole.low), static_cast<std::int32_t>(whole.high)});
    return {range.low, std::max(range.low, range.high)};
}

float activated(const CpuCall& call, Activation activation, float value) {
    switch (activation) {
        case Activation::none:
            return value;
        case Activation::relu:
            return std::max(value, 0.0F);
        case Activation::relu6:
            return std::clamp(value, 0.0F, 6.0F);
        case Activation::relu_n1_to_1:
            return std::clamp(value, -1.0F, 1.0F);
        case Activation::relu_0_to_1:
            return std::clamp(value, 0.0F, 1.0F);
        default:
            break;
    }
    call.not_executable("no kernel for this fused activation");
}

std::size_t broadcast_position(const CpuCall& call, const Shape& operand, std::size_t linear) {
    const Shape& output = call.output().shape;
    std::size_t at = 0;
    std::size_t stride = 1;
    for (std::size_t i = 0; i < output.size(); ++i) {
        const auto extent = static_cast<std::size_t>(output[output.size() - 1 - i]);
        const std::size_t index = linear % extent;
        linear /= extent;
        if (i >= operand.size()) continue;
        const auto own = static_cast<std::size_t>(operand[operand.size() - 1 - i]);
        if (own != 1 && own != extent) call.invalid("operand shapes do not broadcast");
        at += own == 1 ? 0 : index * stride;
        stride *= own;
    }
    return at;
}

std::int64_t padding_before(Padding padding, std::int64_t input, std::int64_t output,
                            std::int64_t kernel, std::int64_t stride, std::int64_t dilation) {
    if (padding == Padding::valid) return 0;
    return std::max<std::int64_t>((output - 1) * stride + (kernel - 1) * dilation + 1 - input, 0) /
           2;
}

namespace {

template <class Stored>
void append_raw(std::span<const std::uint8_t> bytes, std::vector<std::int64_t>& values) {
    for (std::size_t at = 0; at + sizeof(Stored) <= bytes.size(); at += sizeof(Stored)) {
        Stored value;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        values.push_back(static_cast<std::int64_t>(value));
    }
}

}  // namespace

std::vector<std::int64_t> raw_values(const CpuCall& call, const CpuOperand& operand) {
    std::vector<std::int64_t> values;
    values.reserve(operand.bytes.size());
    switch (operand.tensor->type) {
        case ElementType::int8:
            append_raw<std::int8_t>(operand.bytes, values);
            break;
        case ElementType::boolean:
        case ElementType::uint8:
            append_raw<std::uint8_t>(operand.bytes, values);
            break;
        case ElementType::int16:
            append_raw<std::int16_t>(operand.bytes, values);
            break;
        case ElementType::uint16:
            append_raw<std::uint16_t>(operand.bytes, values);
            break;
        case ElementType::int32:
            append_raw<std::int32_t>(operand.bytes, values);
            break;
        case ElementType::int64:
            append_raw<std::int64_t>(operand.bytes, values);
            break;
        default:
            call.not_executable("no kernel for this element type");
    }
    return values;
}

std::vector<std::int64_t> integers(const CpuCall& call, std::size_t index) {
    const CpuOperand& operand = call.input(index);
    if (operand.tensor->type != ElementType::int32 && operand.tensor->type != ElementType::int64) {
        call.invalid(fmt::format("operand {}: must be int32 or int64", index));
    }
    return raw_values(call, operand);
}

CpuBytes store_raw(const CpuCall& call, ElementType type, std::span<const std::int64_t> values) {
    Tensor shape_only;
    shape_only.type = type;
    const std::size_t size = bytes_of_element(shape_only);
    if (type == ElementType::float32) call.invalid("an integer result in a float tensor");
    CpuBytes bytes(values.size() * size);
    for (std::size_t i = 0; i < values.size(); ++i) {
        // Two's complement, little-endian: the low bytes are the narrow value.
        std::memcpy(bytes.data() + i * size, &values[i], size);
    }
    return bytes;
}

std::vector<float> float_values(const CpuCall& call, const CpuOperand& operand) {
    if (operand.tensor->type != ElementType::float32) call.not_executable("wants float32 operands");
    std::vector<float> values(operand.bytes.size() / sizeof(float));
    if (!values.empty()) {
        std::memcpy(values.data(), operand.bytes.data(), values.size() * sizeof(float));
    }
    return values;
}

CpuBytes store_floats(std::span<const float> values) {
    CpuBytes bytes(values.size_bytes());
    if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

namespace {

CpuResults dispatch(const CpuCall& call) {
    if (is_hybrid(call)) return cpu_hybrid(call);
    const CpuKernel kernel = cpu_kernels[call.op.type];
    if (kernel == not_on_cpu) call.not_executable("no CPU kernel for this operator");
    return kernel(call);
}

bool shares_bytes(ElementType type) {
    return type == ElementType::int4 || type == ElementType::int2 || type == ElementType::uint4;
}

/// int4 and int2 weights as int8, one a byte; the first element stands in the lowest bits.
CpuBytes unpacked(const CpuCall& call, const CpuOperand& operand) {
    if (operand.tensor->type == ElementType::uint4) call.not_executable("no kernel for uint4");
    const int bits = operand.tensor->type == ElementType::int4 ? 4 : 2;
    CpuBytes values(static_cast<std::size_t>(elements(*operand.tensor)));
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::size_t bit = i * static_cast<std::size_t>(bits);
        const unsigned raw = static_cast<unsigned>(operand.bytes[bit / 8]) >> (bit % 8);
        const unsigned sign = 1U << (bits - 1);
        const int value =
            static_cast<int>(raw & (2 * sign - 1)) - ((raw & sign) != 0 ? 1 << bits : 0);
        values[i] = static_cast<std::uint8_t>(value);
    }
    return values;
}

/// Faults that arithmetic finds say which operator they are of.
CpuResults named_dispatch(const CpuCall& call) {
    try {
        return dispatch(call);
    } catch (const InvalidModel& error) {
        if (std::string_view{error.what()}.starts_with(call.op.name)) throw;
        call.invalid(error.what());
    }
}

bool is_empty(const Tensor& tensor) { return elements(tensor) == 0; }

/// Results without elements take no kernel. Kernels whose operands have none would divide by zero.
std::optional<CpuResults> without_elements(const CpuCall& call) {
    bool all = true;
    for (const Tensor* output : call.outputs) all = all && output != nullptr && is_empty(*output);
    if (all && !call.outputs.empty()) return CpuResults(call.outputs.size());
    if (call.op.type == OpType::concatenation) return {};
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
        const CpuOperand& operand = call.inputs[i];
        if (operand.tensor == nullptr || !is_empty(*operand.tensor)) continue;
        // A list of axes, extents or repeats may be empty.
        if (i > 0 && (operand.tensor->type == ElementType::int32 ||
                      operand.tensor->type == ElementType::int64)) {
            continue;
        }
        call.not_executable(fmt::format("operand '{}' is {}: it has no elements",
                                        operand.tensor->name, to_string(operand.tensor->shape)));
    }
    return {};
}

}  // namespace

CpuResults cpu_custom(const CpuCall& call) {
    const std::string& name = call.op.custom_code;
    if (name == "TFLite_Detection_PostProcess") return cpu_detection(call);
    if (name == "aten::avg_pool2d.out") return cpu_aten_average_pool(call);
    if (name == "aten::sort.values" || name == "aten::sort.values_stable") {
        return cpu_aten_sort(call);
    }
    if (name == "quantized_decomposed::quantize_per_tensor.out") return cpu_quantize_within(call);
    call.not_executable("no CPU kernel for this operator");
}

std::vector<std::vector<std::uint8_t>> run_cpu_operator(
    const Operator& op, std::span<const CpuOperand> inputs, std::span<const Tensor* const> outputs,
    std::span<const Tensor* const> intermediates) {
    std::vector<CpuOperand> operands{inputs.begin(), inputs.end()};
    const CpuCall call{op, operands, outputs, intermediates};
    std::list<Tensor> wide;
    std::list<CpuBytes> widened;
    for (std::size_t i = 0; i < operands.size(); ++i) {
        CpuOperand& operand = operands[i];
        if (operand.tensor == nullptr) continue;
        const std::int64_t wanted = stored_bytes(*operand.tensor);
        if (wanted != static_cast<std::int64_t>(operand.bytes.size())) {
            call.invalid(fmt::format("operand {} has {} bytes: must be {}", i, operand.bytes.size(),
                                     wanted));
        }
    }
    for (CpuOperand& operand : operands) {
        if (operand.tensor == nullptr || !shares_bytes(operand.tensor->type)) continue;
        widened.push_back(unpacked(call, operand));
        Tensor& tensor = wide.emplace_back(*operand.tensor);
        tensor.type = ElementType::int8;
        operand = {&tensor, widened.back()};
    }
    if (auto none = without_elements(call)) return *std::move(none);
    CpuResults results = named_dispatch(call);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const std::int64_t size = stored_bytes(call.output(i));
        if (i >= results.size() || static_cast<std::int64_t>(results[i].size()) != size) {
            call.invalid(fmt::format("output {}: its shape disagrees with the operands", i));
        }
    }
    return results;
}

}  // namespace u65sim::arith
