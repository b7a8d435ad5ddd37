// Layers without weights, and the builder itself.
#include <u65sim/graph_builder.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <u65sim/error.hpp>

#include "ir/builder_state.hpp"
#include "ir/builtins.hpp"
#include "ir/constants.hpp"
#include "ir/types.hpp"

namespace u65sim {
namespace {

ir::Spread of_product(const ir::Spread& a, const ir::Spread& b) {
    const double mean = a.mean * b.mean;
    const double second = (a.variance + a.mean * a.mean) * (b.variance + b.mean * b.mean);
    return ir::bell(mean, std::max(second - mean * mean, 1e-12));
}

// The quantised value nearest to `value`.
std::int64_t nearest(double value, const Quantization& quantization, IntegerRange range) {
    const double raw = value / static_cast<double>(quantization.scales.at(0)) +
                       static_cast<double>(quantization.zero_points.at(0));
    const double low = static_cast<double>(range.low);
    const double high = static_cast<double>(range.high);
    return static_cast<std::int64_t>(std::floor(std::clamp(raw, low, high) + 0.5));
}

// Output of a function whose results lie in 0..1 or -1..1, as the kernels demand it.
Quantization bounded(ElementType type, bool is_signed) {
    if (type == ElementType::int16) return ir::per_tensor(0x1p-15, 0);
    const std::int64_t middle = type == ElementType::uint8 ? 128 : 0;
    if (is_signed) return ir::per_tensor(0x1p-7, middle);
    return ir::per_tensor(0x1p-8, middle - 128);
}

}  // namespace

GraphBuilder::GraphBuilder(std::string name, BuilderOptions options)
    : state_(std::make_unique<State>()) {
    static_cast<void>(ir::activation_type_range(options.activations));
    state_->graph.name = std::move(name);
    state_->options = options;
}
GraphBuilder::GraphBuilder(GraphBuilder&&) noexcept = default;
GraphBuilder& GraphBuilder::operator=(GraphBuilder&&) noexcept = default;
GraphBuilder::~GraphBuilder() = default;

Value GraphBuilder::input(const Shape& shape, std::string name,
                          std::optional<Quantization> quantization) {
    const ElementType type = state_->options.activations;
    Tensor tensor;
    tensor.name = state_->take_name(name, "input");
    tensor.shape = shape;
    tensor.type = type;
    tensor.quantization = quantization ? *quantization : bounded(type, true);
    double lowest = -1.0;
    double highest = 1.0;
    if (tensor.quantization.scales.size() == 1 && tensor.quantization.zero_points.size() == 1) {
        const IntegerRange range = ir::activation_type_range(type);
        const double scale = tensor.quantization.scales[0];
        if (const std::string fault = ir::scale_fault(tensor.quantization.scales[0], false);
            !fault.empty()) {
            throw InvalidModel(fmt::format("input '{}': {}", tensor.name, fault));
        }
        // In double: a zero point beyond its type is refused later, when the graph is verified.
        const auto zero = static_cast<double>(tensor.quantization.zero_points[0]);
        lowest = (static_cast<double>(range.low) - zero) * scale;
        highest = (static_cast<double>(range.high) - zero) * scale;
    }
    const TensorId id = state_->add_tensor(std::move(tensor), ir::uniform_between(lowest, highest));
    state_->graph.inputs.push_back(id);
    return {id};
}

Value GraphBuilder::constant(const Shape& shape, const std::vector<double>& values,
                             std::string name) {
    if (static_cast<std::int64_t>(values.size()) != element_count(shape) || values.empty()) {
        throw InvalidModel(
            fmt::format("constant '{}': {} values for {}", name, values.size(), to_string(shape)));
    }
    const ElementType type = state_->options.activations;
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    ir::Spread spread = ir::uniform_between(*low, *high);
    spread.variance = std::max(spread.variance, 1e-6);
    Tensor tensor;
    tensor.name = state_->take_name(name, "constant");
    tensor.shape = shape;
    tensor.type = type;
    tensor.quantization = ir::quantization_for(spread, type);
    std::vector<std::uint8_t> bytes;
    for (const double value : values) {
        const auto raw = static_cast<std::uint64_t>(
            nearest(value, tensor.quantization, ir::activation_type_range(type)));
        for (int byte = 0; byte < element_bytes(type); ++byte) {
            bytes.push_back(static_cast<std::uint8_t>(raw >> (8 * byte)));
        }
    }
    tensor.data = ConstantData{std::move(bytes)};
    return {state_->add_tensor(std::move(tensor), spread)};
}

namespace {

WindowAttributes pool_attributes(const Window& window, Activation activation) {
    WindowAttributes attributes;
    attributes.padding = window.padding;
    attributes.stride_h = window.stride_h;
    attributes.stride_w = window.stride_w;
    attributes.filter_h = window.kernel_h;
    attributes.filter_w = window.kernel_w;
    attributes.activation = activation;
    return attributes;
}

}  // namespace

Value GraphBuilder::average_pool(Value x, const Window& window, LayerOptions options) {
    const Value result = state_->append_like(
        OpType::average_pool_2d, {x.id}, pool_attributes(window, options.activation), options, x);
    // Neighbours resemble each other: the deviation falls more slowly than for independent values.
    ir::Spread& spread = state_->spreads[static_cast<std::size_t>(result.id)];
    spread.variance /= std::sqrt(static_cast<double>(window.kernel_h) * window.kernel_w);
    return result;
}

Value GraphBuilder::max_pool(Value x, const Window& window, LayerOptions options) {
    const Value result = state_->append_like(
        OpType::max_pool_2d, {x.id}, pool_attributes(window, options.activation), options, x);
    // The largest of a few values lies about one deviation above their mean.
    ir::Spread& spread = state_->spreads[static_cast<std::size_t>(result.id)];
    spread.mean += std::sqrt(spread.variance);
    return result;
}

Value GraphBuilder::mean(Value x, const std::vector<std::int32_t>& axes, bool keep_dims,
                         LayerOptions options) {
    ir::Spread spread = state_->spread(x);
    const Shape& shape = state_->tensor(x).shape;
    double count = 1.0;
    for (const std::int32_t axis : axes) {
        if (axis >= 0 && static_cast<std::size_t>(axis) < shape.size()) {
            count *= shape[static_cast<std::size_t>(axis)];
        }
    }
    const double lowest = spread.lowest;
    spread = ir::bell(spread.mean, spread.variance / std::sqrt(count));
    if (lowest >= 0.0) spread.lowest = 0.0;
    options.name = state_->take_name(options.name, "mean");
    state_->names.erase(options.name);
    const TensorId axes_id =
        state_->add_int32(options.name + "/axes", {static_cast<std::int32_t>(axes.size())}, axes);
    return state_->append(OpType::mean, {x.id, axes_id}, ReduceAttributes{keep_dims}, options,
                          spread);
}

Value GraphBuilder::add(Value a, Value b, LayerOptions options) {
    const ir::Spread& first = state_->spread(a);
    const ir::Spread& second = state_->spread(b);
    const ir::Spread sum = ir::bell(first.mean + second.mean, first.variance + second.variance);
    return state_->append(OpType::add, {a.id, b.id},
                          ArithmeticAttributes{options.activation, false}, options,
                          ir::activated(sum, options.activation));
}

Value GraphBuilder::sub(Value a, Value b, LayerOptions options) {
    const ir::Spread& first = state_->spread(a);
    const ir::Spread& second = state_->spread(b);
    const ir::Spread difference =
        ir::bell(first.mean - second.mean, first.variance + second.variance);
    return state_->append(OpType::sub, {a.id, b.id},
                          ArithmeticAttributes{options.activation, false}, options,
                          ir::activated(difference, options.activation));
}

Value GraphBuilder::mul(Value a, Value b, LayerOptions options) {
    const ir::Spread product = of_product(state_->spread(a), state_->spread(b));
    return state_->append(OpType::mul, {a.id, b.id},
                          ArithmeticAttributes{options.activation, false}, options,
                          ir::activated(product, options.activation));
}

Value GraphBuilder::minimum(Value a, Value b, LayerOptions options) {
    const Value same = state_->requantised(b, a);
    return state_->append_like(OpType::minimum, {a.id, same.id}, std::monostate{}, options, a);
}

Value GraphBuilder::maximum(Value a, Value b, LayerOptions options) {
    const Value same = state_->requantised(b, a);
    return state_->append_like(OpType::maximum, {a.id, same.id}, std::monostate{}, options, a);
}

Value GraphBuilder::unary(OpType type, Value x, LayerOptions options) {
    const ir::Spread in = state_->spread(x);
    const ElementType element = state_->tensor(x).type;
    ir::Spread out = in;
    Attributes attributes;
    switch (type) {
        case OpType::relu:
            out = ir::activated(in, Activation::relu);
            break;
        case OpType::relu6:
            out = ir::activated(in, Activation::relu6);
            break;
        case OpType::relu_n1_to_1:
            out = ir::activated(in, Activation::relu_n1_to_1);
            break;
        case OpType::logistic:
            out = ir::uniform_between(0.0, 1.0);
            if (!options.quantization) options.quantization = bounded(element, false);
            break;
        case OpType::tanh:
            out = ir::uniform_between(-1.0, 1.0);
            if (!options.quantization) options.quantization = bounded(element, true);
            break;
        case OpType::gelu:
            attributes = GeluAttributes{};
            [[fallthrough]];
        case OpType::hard_swish:
            out = ir::activated(in, Activation::relu);
            out.lowest = -0.375;  // the lowest value of hard-swish; gelu's is -0.17
            break;
        case OpType::abs:
            out = ir::activated(ir::bell(0.0, in.variance + in.mean * in.mean), Activation::relu);
            break;
        case OpType::exp: {
            const double top = std::exp(std::min(in.highest, 8.0));
            out = ir::uniform_between(0.0, top);
            break;
        }
        default:
            throw InvalidModel(fmt::format(
                "unary {}: must be ABS, RELU, RELU6, RELU_N1_TO_1, LOGISTIC, TANH, HARD_SWISH, "
                "EXP or GELU",
                to_string(type)));
    }
    return state_->append(type, {x.id}, attributes, options, out);
}

Value GraphBuilder::relu(Value x, LayerOptions options) {
    return unary(OpType::relu, x, std::move(options));
}
Value GraphBuilder::relu6(Value x, LayerOptions options) {
    return unary(OpType::relu6, x, std::move(options));
}
Value GraphBuilder::logistic(Value x, LayerOptions options) {
    return unary(OpType::logistic, x, std::move(options));
}
Value GraphBuilder::tanh(Value x, LayerOptions options) {
    return unary(OpType::tanh, x, std::move(options));
}
Value GraphBuilder::hard_swish(Value x, LayerOptions options) {
    return unary(OpType::hard_swish, x, std::move(options));
}

Value GraphBuilder::leaky_relu(Value x, float alpha, LayerOptions options) {
    ir::Spread spread = ir::activated(state_->spread(x), Activation::relu);
    spread.lowest = static_cast<double>(alpha) * state_->spread(x).lowest;
    return state_->append(OpType::leaky_relu, {x.id}, LeakyReluAttributes{alpha}, options, spread);
}

Value GraphBuilder::prelu(Value x, LayerOptions options) {
    const Shape& shape = state_->tensor(x).shape;
    if (shape.size() < 2) {
        throw InvalidModel(
            fmt::format("prelu of {}: must be of rank 2 at least, batches before "
                        "channels",
                        to_string(shape)));
    }
    options.name = state_->take_name(options.name, to_string(OpType::prelu));
    state_->names.erase(options.name);
    ir::Random random{state_->options.weights.seed, options.name};
    std::vector<double> slopes(static_cast<std::size_t>(shape.back()));
    for (double& slope : slopes) slope = 0.05 + 0.4 * random.uniform();
    Shape slope_shape(shape.size() - 1, 1);
    slope_shape.back() = shape.back();
    const Value alpha = constant(slope_shape, slopes, options.name + "/alpha");
    ir::Spread spread = ir::activated(state_->spread(x), Activation::relu);
    spread.lowest = 0.25 * state_->spread(x).lowest;
    return state_->append(OpType::prelu, {x.id, alpha.id}, std::monostate{}, options, spread);
}

Value GraphBuilder::softmax(Value x, float beta, LayerOptions options) {
    if (!options.quantization) options.quantization = bounded(state_->tensor(x).type, false);
    return state_->append(OpType::softmax, {x.id}, SoftmaxAttributes{beta}, options,
                          ir::uniform_between(0.0, 1.0));
}

Value GraphBuilder::quantize(Value x, ElementType type, const Quantization& quantization,
                             LayerOptions options) {
    static_cast<void>(ir::activation_type_range(type));
    options.quantization = quantization;
    const Value result =
        state_->append(OpType::quantize, {x.id}, std::monostate{}, options, state_->spread(x));
    state_->graph.tensors[static_cast<std::size_t>(result.id)].type = type;
    return result;
}

const Shape& GraphBuilder::shape(Value x) const { return state_->tensor(x).shape; }
const Quantization& GraphBuilder::quantization(Value x) const {
    return state_->tensor(x).quantization;
}

void GraphBuilder::output(Value x) {
    static_cast<void>(state_->tensor(x));
    state_->graph.outputs.push_back(x.id);
}

Graph GraphBuilder::build() {
    if (state_->graph.outputs.empty()) {
        throw InvalidModel(fmt::format("graph '{}': must have an output: call output() for each",
                                       state_->graph.name));
    }
    verify(state_->graph);
    Graph graph = std::move(state_->graph);
    const BuilderOptions options = state_->options;
    *state_ = State{};
    state_->graph.name = graph.name;
    state_->options = options;
    return graph;
}

}  // namespace u65sim
