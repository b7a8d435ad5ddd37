// Networks built layer by layer: a function for each of GraphBuilder's.
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <u65sim/graph_builder.hpp>

#include "attributes.hpp"
#include "message.hpp"

namespace u65sim::python {

namespace {

constexpr std::array element_types{ElementType::int8, ElementType::uint8, ElementType::int16,
                                   ElementType::int32};

ElementType element_type(const Arguments& given, std::string_view key) {
    const std::string name = given.text(key);
    for (const ElementType type : element_types) {
        if (to_string(type) == name) return type;
    }
    throw WrongArgument(std::string{key} + " = '" + name +
                        "': must be one of int8, uint8, int16, int32");
}

/// The enumerator of a JSON name; nlohmann takes any unknown name for the first one.
template <class Enum>
Enum named(const Arguments& given, std::string_view key) {
    const Json name = given.text(key);
    const Enum value = name.get<Enum>();
    if (Json(value) != name) {
        throw WrongArgument(std::string{key} + " = '" + given.text(key) + "': no such name");
    }
    return value;
}

std::optional<Quantization> quantization_of(const Arguments& given, std::string_view key) {
    if (!given.has(key)) return std::nullopt;
    const Arguments group = given.group(key);
    Quantization quantization;
    for (const double scale : group.numbers("scales")) {
        quantization.scales.push_back(static_cast<float>(scale));
    }
    for (const std::int32_t point : group.integers("zero_points")) {
        quantization.zero_points.push_back(point);
    }
    quantization.axis = group.integer("axis");
    return quantization;
}

LayerOptions layer_options(const Request& request) {
    const Arguments given = request.arguments.group("options");
    LayerOptions options;
    options.name = given.text("name");
    options.activation = named<Activation>(given, "activation");
    options.quantization = quantization_of(given, "quantization");
    if (given.has("weights")) {
        const Arguments group = given.group("weights");
        GivenWeights weights;
        weights.values = request.bytes(0);
        weights.quantization = quantization_of(group, "quantization").value_or(Quantization{});
        if (group.has("bias")) weights.bias = group.numbers("bias");
        options.weights = std::move(weights);
    }
    return options;
}

Window window_of(const Arguments& given) {
    const Arguments group = given.group("window");
    return {group.integer("kernel_h"),       group.integer("kernel_w"),
            group.integer("stride_h"),       group.integer("stride_w"),
            group.integer("dilation_h"),     group.integer("dilation_w"),
            named<Padding>(group, "padding")};
}

struct Call {
    explicit Call(const Request& request)
        : builder(request.object<GraphBuilder>(0)), given(request.arguments) {}

    GraphBuilder& builder;
    const Arguments& given;

    [[nodiscard]] Value value(std::string_view key) const { return {given.integer(key)}; }
    [[nodiscard]] Reply answer(Value made) const {
        return {{{"id", made.id}, {"shape", builder.shape(made)}}, {}, {}};
    }
};

Reply create(const Request& request) {
    const Arguments& given = request.arguments;
    BuilderOptions options;
    options.weights = {.seed = given.seed("seed"),
                       .sparsity = given.number("sparsity"),
                       .clusters = given.integer("clusters"),
                       .modelled = given.flag("modelled")};
    options.activations = element_type(given, "activations");
    Reply reply;
    reply.objects.emplace_back(std::make_shared<GraphBuilder>(given.text("name"), options));
    return reply;
}

Reply input(const Request& request) {
    const Call call{request};
    return call.answer(call.builder.input(call.given.integers("shape"), call.given.text("name"),
                                          quantization_of(call.given, "quantization")));
}

Reply constant(const Request& request) {
    const Call call{request};
    return call.answer(call.builder.constant(
        call.given.integers("shape"), call.given.numbers("values"), call.given.text("name")));
}

Reply conv2d(const Request& request) {
    const Call call{request};
    return call.answer(call.builder.conv2d(call.value("x"), call.given.integer("filters"),
                                           window_of(call.given), layer_options(request),
                                           call.given.integer("groups")));
}

Reply depthwise(const Request& request) {
    const Call call{request};
    return call.answer(call.builder.depthwise_conv2d(call.value("x"), window_of(call.given),
                                                     layer_options(request),
                                                     call.given.integer("multiplier")));
}

Reply transpose_conv(const Request& request) {
    const Call call{request};
    return call.answer(call.builder.transpose_conv(call.value("x"), call.given.integer("filters"),
                                                   window_of(call.given), layer_options(request)));
}

Reply fully_connected(const Request& request) {
    const Call call{request};
    return call.answer(call.builder.fully_connected(call.value("x"), call.given.integer("units"),
                                                    layer_options(request)));
}

template <Value (GraphBuilder::*layer)(Value, const Window&, LayerOptions)>
Reply pool(const Request& request) {
    const Call call{request};
    return call.answer(
        (call.builder.*layer)(call.value("x"), window_of(call.given), layer_options(request)));
}

Reply mean(const Request& request) {
    const Call call{request};
    return call.answer(call.builder.mean(call.value("x"), call.given.integers("axes"),
                                         call.given.flag("keep_dims"), layer_options(request)));
}

template <Value (GraphBuilder::*layer)(Value, Value, LayerOptions)>
Reply binary(const Request& request) {
    const Call call{request};
    return call.answer(
        (call.builder.*layer)(call.value("a"), call.value("b"), layer_options(request)));
}

Reply unary(const Request& request) {
    const Call call{request};
    const auto type = call.given.one_of(
        "type", {OpType::abs, OpType::relu, OpType::relu6, OpType::relu_n1_to_1, OpType::logistic,
                 OpType::tanh, OpType::hard_swish, OpType::exp, OpType::gelu});
    return call.answer(call.builder.unary(type, call.value("x"), layer_options(request)));
}

Reply leaky_relu(const Request& request) {
    const Call call{request};
    return call.answer(call.builder.leaky_relu(
        call.value("x"), static_cast<float>(call.given.number("alpha")), layer_options(request)));
}

Reply prelu(const Request& request) {
    const Call call{request};
    return call.answer(call.builder.prelu(call.value("x"), layer_options(request)));
}

Reply softmax(const Request& request) {
    const Call call{request};
    return call.answer(call.builder.softmax(
        call.value("x"), static_cast<float>(call.given.number("beta")), layer_options(request)));
}

Reply quantize(const Request& request) {
    const Call call{request};
    const auto to = quantization_of(call.given, "to");
    if (!to) throw WrongArgument("to is missing");
    return call.answer(call.builder.quantize(call.value("x"), element_type(call.given, "type"), *to,
                                             layer_options(request)));
}

Reply concat(const Request& request) {
    const Call call{request};
    std::vector<Value> parts;
    for (const std::int32_t id : call.given.integers("parts")) parts.push_back({id});
    return call.answer(
        call.builder.concat(parts, call.given.integer("axis"), layer_options(request)));
}

Reply split(const Request& request) {
    const Call call{request};
    Reply reply;
    reply.value = Json::array();
    for (const Value part :
         call.builder.split(call.value("x"), call.given.integer("count"),
                            call.given.integer("axis"), layer_options(request))) {
        reply.value.push_back(call.answer(part).value);
    }
    return reply;
}

/// Layers that take two lists of integers.
template <Value (GraphBuilder::*layer)(Value, const std::vector<std::int32_t>&,
                                       const std::vector<std::int32_t>&, LayerOptions)>
Reply two_lists(const Request& request) {
    const Call call{request};
    return call.answer((call.builder.*layer)(call.value("x"), call.given.integers("first"),
                                             call.given.integers("second"),
                                             layer_options(request)));
}

/// Layers that take one.
template <Value (GraphBuilder::*layer)(Value, const std::vector<std::int32_t>&, LayerOptions)>
Reply one_list(const Request& request) {
    const Call call{request};
    return call.answer((call.builder.*layer)(call.value("x"), call.given.integers("list"),
                                             layer_options(request)));
}

template <Value (GraphBuilder::*layer)(Value, std::int32_t, std::int32_t, const ResizeAttributes&,
                                       LayerOptions)>
Reply resize(const Request& request) {
    const Call call{request};
    const ResizeAttributes attributes{call.given.flag("align_corners"),
                                      call.given.flag("half_pixel_centers")};
    return call.answer((call.builder.*layer)(call.value("x"), call.given.integer("height"),
                                             call.given.integer("width"), attributes,
                                             layer_options(request)));
}

Reply quantization(const Request& request) {
    const Call call{request};
    const Quantization& of = call.builder.quantization(call.value("x"));
    return {{{"scales", of.scales}, {"zero_points", of.zero_points}, {"axis", of.axis}}, {}, {}};
}

Reply output(const Request& request) {
    const Call call{request};
    call.builder.output(call.value("x"));
    return {};
}

Reply build(const Request& request) { return graph_reply(Call{request}.builder.build()); }

}  // namespace

std::span<const Function> builder_functions() {
    static constexpr std::array functions{
        Function{"builder.create", create},
        Function{"builder.input", input},
        Function{"builder.constant", constant},
        Function{"builder.conv2d", conv2d},
        Function{"builder.depthwise_conv2d", depthwise},
        Function{"builder.transpose_conv", transpose_conv},
        Function{"builder.fully_connected", fully_connected},
        Function{"builder.average_pool", pool<&GraphBuilder::average_pool>},
        Function{"builder.max_pool", pool<&GraphBuilder::max_pool>},
        Function{"builder.mean", mean},
        Function{"builder.add", binary<&GraphBuilder::add>},
        Function{"builder.sub", binary<&GraphBuilder::sub>},
        Function{"builder.mul", binary<&GraphBuilder::mul>},
        Function{"builder.minimum", binary<&GraphBuilder::minimum>},
        Function{"builder.maximum", binary<&GraphBuilder::maximum>},
        Function{"builder.unary", unary},
        Function{"builder.leaky_relu", leaky_relu},
        Function{"builder.prelu", prelu},
        Function{"builder.softmax", softmax},
        Function{"builder.quantize", quantize},
        Function{"builder.concat", concat},
        Function{"builder.split", split},
        Function{"builder.slice", two_lists<&GraphBuilder::slice>},
        Function{"builder.pad", two_lists<&GraphBuilder::pad>},
        Function{"builder.reshape", one_list<&GraphBuilder::reshape>},
        Function{"builder.transpose", one_list<&GraphBuilder::transpose>},
        Function{"builder.resize_bilinear", resize<&GraphBuilder::resize_bilinear>},
        Function{"builder.resize_nearest", resize<&GraphBuilder::resize_nearest>},
        Function{"builder.quantization", quantization},
        Function{"builder.output", output},
        Function{"builder.build", build},
    };
    return functions;
}

}  // namespace u65sim::python
