#include "arith/cpu_kernels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <list>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "arith/cpu_operands.hpp"
#include "arith/hybrid.hpp"
#include "arith/rescale.hpp"
#include "ir/builtins.hpp"
#include "ir/op_kinds.hpp"

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
    switch (type) {
        case ElementType::int8:
            return {-128, 127};
        case ElementType::uint8:
            return {0, 255};
        case ElementType::int16:
            return {-32768, 32767};
        case ElementType::uint16:
            return {0, 65535};
        case ElementType::int32:
            return {INT32_MIN, INT32_MAX};
        case ElementType::int64:
            return {INT64_MIN, INT64_MAX};
        case ElementType::boolean:
            return {0, 1};
        default:
            break;
    }
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

using Kernel = CpuResults (*)(const CpuCall& call);

struct KernelRow {
    OpType type;
    Kernel kernel;
};
/// One row an operator; pointwise operators that are not here share cpu_unary.
constexpr auto kernels = std::to_array<KernelRow>({
    {OpType::reshape, cpu_reshape},
    {OpType::squeeze, cpu_reshape},
    {OpType::expand_dims, cpu_reshape},
    {OpType::transpose, cpu_transpose},
    {OpType::pad, cpu_pad},
    {OpType::mirror_pad, cpu_pad},
    {OpType::concatenation, cpu_concatenation},
    {OpType::pack, cpu_pack},
    {OpType::split, cpu_split},
    {OpType::split_v, cpu_split},
    {OpType::unpack, cpu_split},
    {OpType::slice, cpu_slice},
    {OpType::strided_slice, cpu_strided_slice},
    {OpType::gather, cpu_gather},
    {OpType::space_to_batch_nd, cpu_space_to_batch},
    {OpType::batch_to_space_nd, cpu_space_to_batch},
    {OpType::batch_matmul, cpu_batch_matmul},
    {OpType::quantize, cpu_quantize},
    {OpType::dequantize, cpu_dequantize},
    {OpType::cast, cpu_cast},
    {OpType::softmax, cpu_softmax},
    {OpType::arg_max, cpu_arg_max},
    {OpType::arg_min, cpu_arg_max},
    {OpType::add, cpu_binary},
    {OpType::sub, cpu_binary},
    {OpType::mul, cpu_binary},
    {OpType::div, cpu_binary},
    {OpType::minimum, cpu_binary},
    {OpType::maximum, cpu_binary},
    {OpType::squared_difference, cpu_binary},
    {OpType::prelu, cpu_binary},
    {OpType::conv_2d, cpu_convolution},
    {OpType::depthwise_conv_2d, cpu_convolution},
    {OpType::transpose_conv, cpu_transpose_convolution},
    {OpType::fully_connected, cpu_fully_connected},
    {OpType::average_pool_2d, cpu_pool},
    {OpType::max_pool_2d, cpu_pool},
    {OpType::mean, cpu_mean},
    {OpType::reduce_max, cpu_reduce_max},
    {OpType::reduce_min, cpu_reduce_max},
    {OpType::sum, cpu_sum},
    {OpType::shape, cpu_shape},
    {OpType::unidirectional_sequence_lstm, cpu_lstm},
    {OpType::resize_bilinear, cpu_resize},
    {OpType::resize_nearest_neighbor, cpu_resize},
    {OpType::tile, cpu_tile},
    {OpType::reverse_v2, cpu_reverse},
    {OpType::space_to_depth, cpu_space_to_depth},
    {OpType::depth_to_space, cpu_space_to_depth},
    {OpType::broadcast_to, cpu_broadcast_to},
    {OpType::logical_and, cpu_logical},
    {OpType::logical_or, cpu_logical},
    {OpType::logical_not, cpu_logical},
    {OpType::select, cpu_select},
    {OpType::select_v2, cpu_select},
    {OpType::l2_normalization, cpu_l2_normalization},
    {OpType::equal, cpu_comparison},
    {OpType::not_equal, cpu_comparison},
    {OpType::less, cpu_comparison},
    {OpType::less_equal, cpu_comparison},
    {OpType::greater, cpu_comparison},
    {OpType::greater_equal, cpu_comparison},
    {OpType::svdf, cpu_svdf},
    {OpType::log_softmax, cpu_log_softmax},
    {OpType::cumsum, cpu_cumsum},
    {OpType::floor_div, cpu_number_pair},
    {OpType::floor_mod, cpu_number_pair},
    {OpType::pow, cpu_number_pair},
    {OpType::add_n, cpu_add_n},
    {OpType::gather_nd, cpu_gather_nd},
    {OpType::scatter_nd, cpu_scatter_nd},
    {OpType::embedding_lookup, cpu_embedding_lookup},
    {OpType::dynamic_update_slice, cpu_dynamic_update_slice},
    {OpType::topk_v2, cpu_topk},
    {OpType::one_hot, cpu_one_hot},
    {OpType::fill, cpu_fill},
    {OpType::range, cpu_range},
    {OpType::rank, cpu_rank},
    {OpType::zeros_like, cpu_zeros_like},
    {OpType::broadcast_args, cpu_broadcast_args},
    {OpType::reduce_prod, cpu_reduce_prod},
    {OpType::reduce_any, cpu_reduce_logical},
    {OpType::reduce_all, cpu_reduce_logical},
    {OpType::l2_pool_2d, cpu_l2_pool},
    {OpType::local_response_normalization, cpu_local_response_normalization},
    {OpType::reverse_sequence, cpu_reverse_sequence},
    {OpType::where, cpu_where},
    {OpType::non_max_suppression_v4, cpu_non_max_suppression},
    {OpType::non_max_suppression_v5, cpu_non_max_suppression},
});

struct NamedKernel {
    std::string_view name;
    Kernel kernel;
};
/// Operators without an OpType, by the schema's name. Readers make sparse constants dense, so that
/// DENSIFY has nothing to do.
constexpr auto named_kernels = std::to_array<NamedKernel>({
    {"DENSIFY", cpu_reshape},
});

CpuResults dispatch(const CpuCall& call) {
    if (is_hybrid(call)) return cpu_hybrid(call);
    for (const KernelRow& row : kernels) {
        if (row.type == call.op.type) return row.kernel(call);
    }
    if (ir::is_pointwise(call.op.type)) return cpu_unary(call);
    for (const NamedKernel& row : named_kernels) {
        if (call.op.type == OpType::other && row.name == ir::builtin_name(call.op.builtin_code)) {
            return row.kernel(call);
        }
    }
    if (call.op.custom_code == "TFLite_Detection_PostProcess") return cpu_detection(call);
    call.not_executable("no CPU kernel for this operator");
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
