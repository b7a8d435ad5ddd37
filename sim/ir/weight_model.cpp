#include "ir/weight_model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "base/hash.hpp"
#include "ir/operator_info.hpp"
#include "ir/random.hpp"

namespace u65sim {

namespace ir {

namespace {

constexpr double most_bits = 16.0;

}  // namespace

void check(const WeightModel& model, std::int64_t size) {
    if (size < 0) throw InvalidModel(fmt::format("a weight model of {} bytes", size));
    if (!(model.density >= 0.0 && model.density <= 1.0)) {
        throw InvalidModel(
            fmt::format("weight model: density = {}: must be between 0 and 1", model.density));
    }
    if (model.clusters != 0 && (model.clusters < 2 || model.clusters > most_clusters)) {
        throw InvalidModel(fmt::format("weight model: clusters = {}: must be 0 (none) or 2 to {}",
                                       model.clusters, most_clusters));
    }
    if (!(model.bits_per_weight >= 0.0 && model.bits_per_weight <= most_bits)) {
        throw InvalidModel(
            fmt::format("weight model: bits_per_weight = {}: must be between 0 and {}",
                        model.bits_per_weight, most_bits));
    }
}

std::uint64_t hash(const WeightModel& model, std::int64_t size) {
    const auto& [distribution, density, clusters, seed, bits_per_weight] = model;
    Hasher hasher{0x6D6F64656CU};
    hasher.add(static_cast<std::uint64_t>(distribution));
    hasher.add(std::bit_cast<std::uint64_t>(density));
    hasher.add(static_cast<std::uint64_t>(clusters));
    hasher.add(seed);
    hasher.add(std::bit_cast<std::uint64_t>(bits_per_weight));
    hasher.add(static_cast<std::uint64_t>(size));
    return hasher.digest();
}

DrawSettings draw_settings(const WeightModel& model) {
    return {model.distribution, 1.0 - model.density, model.clusters};
}

double expected_square(const WeightModel& model, std::size_t fan_in) {
    // The largest of n magnitudes, in deviations: quantiles at 1 / n.
    const double n = std::max(2.0, static_cast<double>(fan_in));
    double top = std::sqrt(3.0);
    if (model.distribution == WeightModel::Distribution::gaussian) top = std::sqrt(2 * std::log(n));
    if (model.distribution == WeightModel::Distribution::laplace)
        top = std::log(n) / std::sqrt(2.0);
    const double deviation = 127.0 / std::max(top, 1.0);
    return std::max(model.density * deviation * deviation, 1.0);
}

}  // namespace ir

namespace {

ConstantData drawn(const Tensor& tensor, const WeightModel& model, bool channels_last) {
    if (model.bits_per_weight > 0) {
        throw InvalidModel(fmt::format(
            "{}: weights known by measured bits alone have no values to draw", tensor.name));
    }
    if (tensor.shape.empty() ||
        (tensor.type != ElementType::int8 && tensor.type != ElementType::uint8)) {
        throw InvalidModel(fmt::format("{}: weight models are for int8 and uint8 weights, not {}",
                                       tensor.name, to_string(tensor.type)));
    }
    const auto channels =
        static_cast<std::size_t>(channels_last ? tensor.shape.back() : tensor.shape.front());
    const auto count = static_cast<std::size_t>(element_count(tensor.shape));
    const std::size_t fan_in = channels > 0 ? count / channels : 0;
    ir::Random random{model.seed, tensor.name};
    const ir::DrawnWeights weights = ir::draw_weights(
        ir::draw_settings(model), random, channels, fan_in, tensor.quantization.scales.size() > 1);
    const int zero = tensor.type == ElementType::uint8 ? 128 : 0;
    return ConstantData{ir::arrange(weights.values, channels, fan_in, channels_last, zero)};
}

}  // namespace

bool has_modelled_weights(const Graph& graph) {
    return std::any_of(graph.tensors.begin(), graph.tensors.end(), [](const Tensor& tensor) {
        return tensor.data && tensor.data.model() != nullptr;
    });
}

Graph draw_weights(Graph graph) {
    for (const Operator& op : graph.operators) {
        const int operand = ir::filter_operand(op.type);
        if (operand < 0 || static_cast<std::size_t>(operand) >= op.inputs.size()) continue;
        const TensorId id = op.inputs[static_cast<std::size_t>(operand)];
        if (id < 0 || static_cast<std::size_t>(id) >= graph.tensors.size()) continue;
        Tensor& tensor = graph.tensors[static_cast<std::size_t>(id)];
        if (!tensor.data || tensor.data.model() == nullptr) continue;
        tensor.data = drawn(tensor, *tensor.data.model(), op.type == OpType::depthwise_conv_2d);
    }
    for (const Tensor& tensor : graph.tensors) {
        if (tensor.data && tensor.data.model() != nullptr) {
            throw InvalidModel(fmt::format(
                "{}: a weight model in a tensor that is no convolution's or fully connected "
                "operator's weights",
                tensor.name));
        }
    }
    return graph;
}

}  // namespace u65sim
