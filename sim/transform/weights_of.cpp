#include "transform/weights_of.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "base/integer_range.hpp"
#include "ir/operator_info.hpp"

namespace u65sim::transform {
namespace {

std::int16_t zero_point(const Tensor& weights) {
    if (weights.quantization.zero_points.empty()) return 0;
    return static_cast<std::int16_t>(weights.quantization.zero_points.front());
}

}  // namespace

std::optional<TensorId> weights_of(const Graph& graph, const Operator& op) {
    const int filter = ir::filter_operand(op.type);
    if (filter < 0) return std::nullopt;
    const TensorId id = op.inputs.at(static_cast<std::size_t>(filter));
    const Tensor& tensor = graph.tensors.at(static_cast<std::size_t>(id));
    const bool is_byte = tensor.type == ElementType::int8 || tensor.type == ElementType::uint8;
    return tensor.data && is_byte ? std::optional{id} : std::nullopt;
}

std::size_t map_operand(const Operator& op) {
    return static_cast<std::size_t>(ir::info(op.type).operands.map);
}

std::size_t bias_operand(const Operator& op) {
    return static_cast<std::size_t>(ir::info(op.type).operands.bias);
}

std::size_t output_axis(const Operator& op) { return op.type == OpType::depthwise_conv_2d ? 3 : 0; }

std::vector<std::int16_t> centred(const Tensor& weights) {
    const std::int16_t zero = zero_point(weights);
    const bool is_signed = weights.type == ElementType::int8;
    const std::vector<std::uint8_t>& bytes = weights.data.bytes();
    std::vector<std::int16_t> values(bytes.size());
    std::transform(bytes.begin(), bytes.end(), values.begin(), [=](std::uint8_t byte) {
        const int value = is_signed ? static_cast<std::int8_t>(byte) : byte;
        return static_cast<std::int16_t>(value - zero);
    });
    return values;
}

void set_centred(Tensor& weights, const std::vector<std::int16_t>& values) {
    const int zero = zero_point(weights);
    const IntegerRange range = integer_range(8, weights.type == ElementType::int8);
    std::vector<std::uint8_t> bytes(values.size());
    std::transform(values.begin(), values.end(), bytes.begin(), [=](std::int16_t value) {
        return static_cast<std::uint8_t>(
            std::clamp<std::int64_t>(value + zero, range.low, range.high));
    });
    weights.data = ConstantData{std::move(bytes)};
}

void pick_slices(Tensor& tensor, std::size_t axis, const std::vector<std::int32_t>& picks) {
    const auto before = static_cast<std::size_t>(tensor.shape.at(axis));
    bool is_same = picks.size() == before;
    for (std::size_t at = 0; is_same && at < before; ++at) {
        is_same = picks[at] == static_cast<std::int32_t>(at);
    }
    if (is_same) return;
    if (tensor.data && tensor.data.model()) {
        const std::int64_t old = tensor.data.size();
        tensor.data =
            ConstantData{*tensor.data.model(), old / static_cast<std::int64_t>(before) *
                                                   static_cast<std::int64_t>(picks.size())};
    } else if (tensor.data) {
        const std::vector<std::uint8_t>& old = tensor.data.bytes();
        std::size_t inner = static_cast<std::size_t>(element_bytes(tensor.type));
        for (std::size_t at = axis + 1; at < tensor.shape.size(); ++at) {
            inner *= static_cast<std::size_t>(tensor.shape[at]);
        }
        const std::size_t outer = old.size() / (before * inner);
        std::vector<std::uint8_t> made(outer * picks.size() * inner);
        std::uint8_t* to = made.data();
        for (std::size_t block = 0; block < outer; ++block) {
            const std::uint8_t* const from = old.data() + block * before * inner;
            for (const std::int32_t pick : picks) {
                std::memcpy(to, from + static_cast<std::size_t>(pick) * inner, inner);
                to += inner;
            }
        }
        tensor.data = ConstantData{std::move(made)};
    }
    tensor.shape[axis] = static_cast<std::int32_t>(picks.size());
    Quantization& quantization = tensor.quantization;
    if (quantization.scales.size() != before || before == 1 ||
        quantization.axis != static_cast<int>(axis)) {
        return;
    }
    Quantization picked{{}, {}, quantization.axis};
    for (const std::int32_t pick : picks) {
        picked.scales.push_back(quantization.scales[static_cast<std::size_t>(pick)]);
        picked.zero_points.push_back(quantization.zero_points[static_cast<std::size_t>(pick)]);
    }
    quantization = std::move(picked);
}

}  // namespace u65sim::transform
