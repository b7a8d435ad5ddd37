// Activations of another width.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/transform.hpp>

#include "transform/weights_of.hpp"

namespace u65sim {
namespace {

constexpr double largest = 32767;

/// Covers the values that the 8-bit type could hold, symmetric about zero.
Quantization widened(const Quantization& narrow) {
    if (narrow.empty()) return narrow;
    const double scale = narrow.scales.front();
    const auto zero = static_cast<double>(narrow.zero_points.front());
    const double reach = std::max(std::abs((-128 - zero) * scale), std::abs((127 - zero) * scale));
    return {{static_cast<float>(reach / largest)}, {0}, 0};
}

template <class Integer>
void append(std::vector<std::uint8_t>& bytes, Integer value) {
    const std::size_t at = bytes.size();
    bytes.resize(at + sizeof value);
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

ConstantData widened_values(const Tensor& narrow, const Quantization& wide) {
    std::vector<std::uint8_t> bytes;
    const double scale = narrow.quantization.empty() ? 1.0 : narrow.quantization.scales.front();
    const double zero = narrow.quantization.empty()
                            ? 0.0
                            : static_cast<double>(narrow.quantization.zero_points.front());
    const double step = wide.empty() ? 1.0 : wide.scales.front();
    for (const std::uint8_t byte : narrow.data.bytes()) {
        const double real = (static_cast<std::int8_t>(byte) - zero) * scale;
        append(bytes, static_cast<std::int16_t>(
                          std::clamp(std::round(real / step), -largest - 1, largest)));
    }
    return ConstantData{std::move(bytes)};
}

/// Biases count in units of input times weights: 64 bits wide for 16-bit activations.
void widen_bias(Tensor& bias, double ratio) {
    std::vector<std::uint8_t> bytes;
    if (bias.data) {
        const std::vector<std::uint8_t>& old = bias.data.bytes();
        for (std::size_t at = 0; at + sizeof(std::int32_t) <= old.size();
             at += sizeof(std::int32_t)) {
            std::int32_t value = 0;
            std::memcpy(&value, old.data() + at, sizeof value);
            append(bytes, static_cast<std::int64_t>(std::llround(value * ratio)));
        }
        bias.data = ConstantData{std::move(bytes)};
    }
    bias.type = ElementType::int64;
    for (float& scale : bias.quantization.scales) scale = static_cast<float>(scale / ratio);
}

}  // namespace

Graph widen_activations(const Graph& graph, std::int32_t bits) {
    if (bits == 8) return graph;
    if (bits != 16) {
        throw InvalidModel(fmt::format("activations of {} bits: must be 8 or 16", bits));
    }
    Graph result = graph;
    const auto tensor = [&](TensorId id) -> Tensor& {
        return result.tensors[static_cast<std::size_t>(id)];
    };
    std::set<TensorId> kept;  // weights stay 8 bits wide
    std::set<TensorId> biases;
    for (const Operator& op : result.operators) {
        if (op.type == OpType::unidirectional_sequence_lstm) {
            throw InvalidModel(fmt::format(
                "operator '{}': the width of a UNIDIRECTIONAL_SEQUENCE_LSTM cannot be changed",
                op.name));
        }
        const auto weights = transform::weights_of(graph, op);
        if (!weights) continue;
        kept.insert(*weights);
        const std::size_t bias = transform::bias_operand(op);
        if (bias >= op.inputs.size() || op.inputs[bias] == no_tensor) continue;
        if (!biases.insert(op.inputs[bias]).second) continue;
        const Quantization& narrow = tensor(op.inputs[transform::map_operand(op)]).quantization;
        if (narrow.empty()) continue;
        const double ratio = narrow.scales.front() / widened(narrow).scales.front();
        widen_bias(tensor(op.inputs[bias]), ratio);
    }
    for (std::size_t id = 0; id < result.tensors.size(); ++id) {
        Tensor& each = result.tensors[id];
        if (kept.contains(static_cast<TensorId>(id))) continue;
        if (each.type == ElementType::uint8 || each.type == ElementType::int16) {
            throw InvalidModel(
                fmt::format("tensor '{}' is {}: only int8 activations can be widened", each.name,
                            to_string(each.type)));
        }
        if (each.type != ElementType::int8) continue;
        const Quantization wide = widened(each.quantization);
        if (each.data) each.data = widened_values(each, wide);
        each.type = ElementType::int16;
        each.quantization = wide;
    }
    verify(result);
    return result;
}

}  // namespace u65sim
