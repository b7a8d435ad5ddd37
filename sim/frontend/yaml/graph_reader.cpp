// YAML graph -> Graph, through the GraphBuilder.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <u65sim/error.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/network.hpp>
#include <u65sim/text.hpp>

#include "base/nearest_word.hpp"
#include "base/place.hpp"
#include "frontend/yaml/document_place.hpp"

namespace u65sim {

using frontend::Place;
using frontend::PlacedError;

namespace {

constexpr std::size_t most_layers = 20'000;
constexpr std::size_t deepest_nesting = 64;

const std::map<std::string, Activation> activations{{"none", Activation::none},
                                                    {"relu", Activation::relu},
                                                    {"relu6", Activation::relu6},
                                                    {"relu_n1_to_1", Activation::relu_n1_to_1}};
const std::map<std::string, Padding> paddings{{"same", Padding::same}, {"valid", Padding::valid}};

class YamlReader {
public:
    explicit YamlReader(const Place& root) : root_(root), net_(make_builder(root)) {}

    Graph read() {
        for (const Place& input : root_.get("inputs").list("inputs")) read_input(input);
        const std::vector<Place> layers = root_.get("layers").list("layers");
        if (layers.size() > most_layers) {
            root_.fail(fmt::format("{} layers, must be at most {}", layers.size(), most_layers));
        }
        for (const Place& layer : layers) guarded(layer, [&] { read_layer(layer); });
        if (root_.has("outputs")) {
            for (const Place& output : root_.get("outputs").list("outputs")) {
                net_.output(value_of(output));
            }
        } else if (has_last_) {
            net_.output(last_);
        }
        Graph graph;
        guarded(root_, [&] { graph = net_.build(); });
        return graph;
    }

private:
    using Rule = std::function<Value(const Place&, const LayerOptions&)>;
    struct Op {
        std::vector<std::string> keys;  // besides op, name, from
        Rule build;
    };

    static GraphBuilder make_builder(const Place& root) {
        root.expect_map({"name", "type", "weights", "inputs", "layers", "outputs"});
        BuilderOptions options;
        if (root.has("type")) {
            options.activations =
                root.get("type").choice<ElementType>("type", {{"int8", ElementType::int8},
                                                              {"uint8", ElementType::uint8},
                                                              {"int16", ElementType::int16}});
        }
        if (root.has("weights")) {
            const Place weights = root.get("weights");
            weights.expect_map({"seed", "sparsity", "clusters"});
            if (weights.has("seed")) {
                options.weights.seed = weights.get("seed").number<std::uint64_t>("seed");
            }
            if (weights.has("sparsity")) {
                const Place place = weights.get("sparsity");
                options.weights.sparsity = place.number<double>("sparsity");
                if (!(options.weights.sparsity >= 0.0 && options.weights.sparsity <= 1.0)) {
                    place.fail("sparsity: must be between 0 and 1");
                }
            }
            if (weights.has("clusters")) {
                const Place place = weights.get("clusters");
                options.weights.clusters = place.number<std::int32_t>("clusters");
                if (options.weights.clusters != 0 &&
                    (options.weights.clusters < 2 || options.weights.clusters > 255)) {
                    place.fail("clusters: must be 0 (none) or 2 to 255");
                }
            }
        }
        const std::string name = root.has("name") ? root.get("name").text("name") : std::string{};
        return GraphBuilder{printable(name), options};
    }

    // What the builder refuses, said with the layer's place in the file.
    template <class Step>
    static void guarded(const Place& place, Step step) {
        try {
            step();
        } catch (const PlacedError&) {
            throw;
        } catch (const InvalidModel& error) {
            place.fail(error.what());
        } catch (const QuantityOverflow& error) {
            place.fail(fmt::format("extents are too large: {}", error.what()));
        }
    }

    void remember(const std::string& name, Value value) {
        if (!name.empty()) values_[name] = value;
        last_ = value;
        has_last_ = true;
    }

    void read_input(const Place& input) {
        input.expect_map({"name", "shape", "scale", "zero_point"});
        const std::string name =
            input.has("name") ? printable(input.get("name").text("name")) : "input";
        const Shape shape = input.get("shape").numbers("shape");
        for (const std::int32_t extent : shape) {
            if (extent < 1) input.get("shape").fail("shape: extents must be at least 1");
        }
        std::optional<Quantization> quantization;
        if (input.has("scale")) {
            Quantization given;
            given.scales = {input.get("scale").number<float>("scale")};
            given.zero_points = {input.has("zero_point")
                                     ? input.get("zero_point").number<std::int64_t>("zero_point")
                                     : 0};
            quantization = std::move(given);
        }
        guarded(input, [&] { remember(name, net_.input(shape, name, quantization)); });
    }

    Value value_of(const Place& place) const {
        const std::string name = place.text("a layer's name");
        const auto found = values_.find(name);
        if (found == values_.end()) {
            std::vector<std::string> names;
            for (const auto& [known, value] : values_) names.push_back(known);
            std::sort(names.begin(), names.end());
            place.fail(fmt::format("no earlier layer or input is called '{}'; {}", printable(name),
                                   known_words(name, names, "'")));
        }
        return found->second;
    }

    std::vector<Value> sources(const Place& layer) const {
        if (!layer.has("from")) {
            if (!has_last_) layer.fail("'from' is missing and nothing stands before this layer");
            return {last_};
        }
        const Place from = layer.get("from");
        if (from.node().IsScalar()) return {value_of(from)};
        std::vector<Value> values;
        for (const Place& item : from.list("from")) values.push_back(value_of(item));
        return values;
    }
    Value source(const Place& layer) const { return some(layer, 1).front(); }
    std::vector<Value> some(const Place& layer, std::size_t count) const {
        std::vector<Value> values = sources(layer);
        if (values.size() != count) {
            layer.fail(fmt::format("'from' names {} tensors, must name {}", values.size(), count));
        }
        return values;
    }

    // One number for both axes, or [height, width].
    static std::pair<std::int32_t, std::int32_t> pair_of(const Place& layer, const char* key,
                                                         std::int32_t standard) {
        if (!layer.has(key)) return {standard, standard};
        const Place place = layer.get(key);
        if (place.node().IsScalar()) {
            const std::int32_t both = place.positive(key);
            return {both, both};
        }
        const std::vector<Place> items = place.list(key);
        if (items.size() != 2) place.fail(fmt::format("{}: must be one number or two", key));
        return {items[0].positive(key), items[1].positive(key)};
    }

    static Window window(const Place& layer, bool is_pool) {
        Window window;
        static_cast<void>(layer.get("kernel"));
        std::tie(window.kernel_h, window.kernel_w) = pair_of(layer, "kernel", 1);
        const std::pair<std::int32_t, std::int32_t> standard =
            is_pool ? std::pair{window.kernel_h, window.kernel_w} : std::pair{1, 1};
        std::tie(window.stride_h, window.stride_w) =
            layer.has("stride") ? pair_of(layer, "stride", 1) : standard;
        std::tie(window.dilation_h, window.dilation_w) = pair_of(layer, "dilation", 1);
        if (layer.has("padding")) {
            window.padding = layer.get("padding").choice<Padding>("padding", paddings);
        } else if (is_pool) {
            window.padding = Padding::valid;
        }
        return window;
    }

    [[nodiscard]] static ResizeAttributes resize_attributes(const Place& layer) {
        ResizeAttributes attributes;
        if (layer.has("align_corners")) {
            attributes.align_corners = layer.get("align_corners").flag("align_corners");
        }
        if (layer.has("half_pixel_centers")) {
            attributes.half_pixel_centers =
                layer.get("half_pixel_centers").flag("half_pixel_centers");
        }
        return attributes;
    }

    Value global_average_pool(const Place& layer, const LayerOptions& options) {
        const Value x = source(layer);
        const Shape shape = net_.shape(x);
        if (shape.size() != 4) layer.fail("global_average_pool: the input must be of rank 4");
        return net_.average_pool(x, {shape[1], shape[2], 1, 1, 1, 1, Padding::valid}, options);
    }

    // Names name/0, name/1 ... and returns the first part.
    Value split(const Place& layer, const LayerOptions& options) {
        if (options.name.empty()) layer.fail("split: 'name' is missing; parts are NAME/0, NAME/1");
        const std::int32_t axis =
            layer.has("axis") ? layer.get("axis").number<std::int32_t>("axis") : -1;
        const std::vector<Value> parts =
            net_.split(source(layer), layer.get("parts").positive("parts"), axis, options);
        for (std::size_t index = 0; index < parts.size(); ++index) {
            values_[fmt::format("{}/{}", options.name, index)] = parts[index];
        }
        return parts.front();
    }

    std::map<std::string, Op> make_ops() {
        std::map<std::string, Op> ops;
        const auto with = [](std::vector<std::string> keys, Rule build) {
            return Op{std::move(keys), std::move(build)};
        };
        ops["conv2d"] =
            with({"filters", "kernel", "stride", "dilation", "padding", "activation"},
                 [this](const Place& layer, const LayerOptions& options) {
                     return net_.conv2d(source(layer), layer.get("filters").positive("filters"),
                                        window(layer, false), options);
                 });
        ops["depthwise_conv2d"] = with(
            {"kernel", "stride", "dilation", "padding", "activation", "multiplier"},
            [this](const Place& layer, const LayerOptions& options) {
                const std::int32_t multiplier =
                    layer.has("multiplier") ? layer.get("multiplier").positive("multiplier") : 1;
                return net_.depthwise_conv2d(source(layer), window(layer, false), options,
                                             multiplier);
            });
        ops["transpose_conv"] = with(
            {"filters", "kernel", "stride", "padding", "activation"},
            [this](const Place& layer, const LayerOptions& options) {
                return net_.transpose_conv(source(layer), layer.get("filters").positive("filters"),
                                           window(layer, false), options);
            });
        ops["fully_connected"] =
            with({"units", "activation"}, [this](const Place& layer, const LayerOptions& options) {
                return net_.fully_connected(source(layer), layer.get("units").positive("units"),
                                            options);
            });
        add_pools(ops);
        ops["mean"] =
            with({"axes", "keep_dims"}, [this](const Place& layer, const LayerOptions& options) {
                return net_.mean(source(layer), layer.get("axes").numbers("axes"),
                                 layer.has("keep_dims") && layer.get("keep_dims").flag("keep_dims"),
                                 options);
            });
        add_binary_ops(ops);
        const std::map<std::string, OpType> unary{
            {"relu", OpType::relu}, {"relu6", OpType::relu6}, {"logistic", OpType::logistic},
            {"tanh", OpType::tanh}, {"abs", OpType::abs},     {"hard_swish", OpType::hard_swish},
            {"exp", OpType::exp},   {"gelu", OpType::gelu}};
        for (const auto& [name, type] : unary) {
            ops[name] =
                with({}, [this, kind = type](const Place& layer, const LayerOptions& options) {
                    return net_.unary(kind, source(layer), options);
                });
        }
        add_moving_ops(ops);
        return ops;
    }

    void add_pools(std::map<std::string, Op>& ops) {
        ops["average_pool"] = {{"kernel", "stride", "padding", "activation"},
                               [this](const Place& layer, const LayerOptions& options) {
                                   return net_.average_pool(source(layer), window(layer, true),
                                                            options);
                               }};
        ops["max_pool"] = {{"kernel", "stride", "padding", "activation"},
                           [this](const Place& layer, const LayerOptions& options) {
                               return net_.max_pool(source(layer), window(layer, true), options);
                           }};
        ops["global_average_pool"] = {{}, [this](const Place& layer, const LayerOptions& options) {
                                          return global_average_pool(layer, options);
                                      }};
    }

    void add_binary_ops(std::map<std::string, Op>& ops) {
        using Member = Value (GraphBuilder::*)(Value, Value, LayerOptions);
        const std::map<std::string, Member> binary{{"add", &GraphBuilder::add},
                                                   {"sub", &GraphBuilder::sub},
                                                   {"mul", &GraphBuilder::mul},
                                                   {"minimum", &GraphBuilder::minimum},
                                                   {"maximum", &GraphBuilder::maximum}};
        for (const auto& [name, member] : binary) {
            std::vector<std::string> keys;
            if (name == "add" || name == "sub" || name == "mul") keys.emplace_back("activation");
            ops[name] = {keys,
                         [this, call = member](const Place& layer, const LayerOptions& options) {
                             const std::vector<Value> operands = some(layer, 2);
                             return (net_.*call)(operands[0], operands[1], options);
                         }};
        }
        ops["leaky_relu"] = {{"alpha"}, [this](const Place& layer, const LayerOptions& options) {
                                 return net_.leaky_relu(source(layer),
                                                        layer.get("alpha").number<float>("alpha"),
                                                        options);
                             }};
        ops["prelu"] = {{}, [this](const Place& layer, const LayerOptions& options) {
                            return net_.prelu(source(layer), options);
                        }};
        ops["softmax"] = {{"beta"}, [this](const Place& layer, const LayerOptions& options) {
                              const float beta = layer.has("beta")
                                                     ? layer.get("beta").number<float>("beta")
                                                     : 1.0F;
                              return net_.softmax(source(layer), beta, options);
                          }};
    }

    void add_moving_ops(std::map<std::string, Op>& ops) {
        ops["concat"] = {{"axis"}, [this](const Place& layer, const LayerOptions& options) {
                             const std::int32_t axis =
                                 layer.has("axis") ? layer.get("axis").number<std::int32_t>("axis")
                                                   : -1;
                             return net_.concat(sources(layer), axis, options);
                         }};
        ops["split"] = {{"parts", "axis"}, [this](const Place& layer, const LayerOptions& options) {
                            return split(layer, options);
                        }};
        ops["slice"] = {{"begin", "size"}, [this](const Place& layer, const LayerOptions& options) {
                            return net_.slice(source(layer), layer.get("begin").numbers("begin"),
                                              layer.get("size").numbers("size"), options);
                        }};
        ops["reshape"] = {{"shape"}, [this](const Place& layer, const LayerOptions& options) {
                              return net_.reshape(source(layer),
                                                  layer.get("shape").numbers("shape"), options);
                          }};
        ops["flatten"] = {{}, [this](const Place& layer, const LayerOptions& options) {
                              const Value x = source(layer);
                              const Shape& shape = net_.shape(x);
                              const std::int32_t batch = shape.empty() ? 1 : shape.front();
                              return net_.reshape(x, {batch, -1}, options);
                          }};
        ops["transpose"] = {{"order"}, [this](const Place& layer, const LayerOptions& options) {
                                return net_.transpose(source(layer),
                                                      layer.get("order").numbers("order"), options);
                            }};
        ops["pad"] = {{"before", "after"}, [this](const Place& layer, const LayerOptions& options) {
                          return net_.pad(source(layer), layer.get("before").numbers("before"),
                                          layer.get("after").numbers("after"), options);
                      }};
        const std::vector<std::string> resize_keys{"size", "align_corners", "half_pixel_centers"};
        ops["resize_bilinear"] = {
            resize_keys, [this](const Place& layer, const LayerOptions& options) {
                static_cast<void>(layer.get("size"));
                const auto [height, width] = pair_of(layer, "size", 1);
                return net_.resize_bilinear(source(layer), height, width, resize_attributes(layer),
                                            options);
            }};
        ops["resize_nearest"] = {resize_keys,
                                 [this](const Place& layer, const LayerOptions& options) {
                                     static_cast<void>(layer.get("size"));
                                     const auto [height, width] = pair_of(layer, "size", 1);
                                     return net_.resize_nearest(source(layer), height, width,
                                                                resize_attributes(layer), options);
                                 }};
    }

    void read_layer(const Place& layer) {
        if (!layer.node().IsMap()) layer.fail("a layer must be a map of keys and values");
        const Place op_place = layer.get("op");
        const std::string op_name = op_place.text("op");
        const auto found = ops_.find(op_name);
        if (found == ops_.end()) {
            std::vector<std::string> names;
            for (const auto& [name, op] : ops_) names.push_back(name);
            op_place.fail(fmt::format("unknown op '{}'; {}", printable(op_name),
                                      known_words(op_name, names, "'")));
        }
        std::vector<std::string> keys = found->second.keys;
        keys.insert(keys.end(), {"op", "name", "from"});
        layer.expect_map(keys);
        LayerOptions options;
        if (layer.has("name")) options.name = printable(layer.get("name").text("name"));
        if (layer.has("activation")) {
            options.activation =
                layer.get("activation").choice<Activation>("activation", activations);
        }
        remember(options.name, found->second.build(layer, options));
    }

    Place root_;
    GraphBuilder net_;
    std::unordered_map<std::string, Value> values_;
    Value last_;
    bool has_last_ = false;
    std::map<std::string, Op> ops_ = make_ops();
};

// yaml-cpp descends once a bracket or indentation: a document of brackets would exhaust the stack.
void check_nesting(std::string_view text, std::string_view origin) {
    std::size_t depth = 0;
    std::size_t line = 1;
    for (const char letter : text) {
        if (letter == '\n') ++line;
        if (letter == '[' || letter == '{') ++depth;
        if ((letter == ']' || letter == '}') && depth > 0) --depth;
        if (depth > deepest_nesting) {
            throw InvalidModel(fmt::format("{}:{}:1: brackets are nested deeper than {}", origin,
                                           line, deepest_nesting));
        }
    }
}

}  // namespace

Graph read_yaml_graph(std::string_view text, std::string_view origin) {
    check_nesting(text, origin);
    try {
        const YAML::Node document = YAML::Load(std::string{text});
        return YamlReader{Place{origin, document}}.read();
    } catch (const YAML::Exception& error) {
        throw InvalidModel(
            fmt::format("{}: {}", place_in(origin, error.mark.line, error.mark.column), error.msg));
    }
}

}  // namespace u65sim
