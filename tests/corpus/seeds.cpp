#include "corpus/seeds.hpp"

#include <cstring>
#include <functional>

#include <u65sim/compile.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/network.hpp>
#include <u65sim/target.hpp>

#include "corpus/foreign_files.hpp"

namespace u65sim::corpus {

namespace {

using Layers = std::function<Value(GraphBuilder&, Value)>;
struct Kind {
    const char* name;
    Shape input;
    Layers layers;
    bool only_8_bits = false;
};

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all{
        {"convolutions",
         {1, 8, 8, 4},
         [](GraphBuilder& net, Value x) {
             const Value y = net.conv2d(x, 8, Window::square(3));
             return net.conv2d(net.depthwise_conv2d(y, Window::square(3)), 4, Window::square(1));
         }},
        {"transposed",
         {1, 4, 4, 4},
         [](GraphBuilder& net, Value x) {
             Window window = Window::square(2);
             window.stride_h = window.stride_w = 2;
             return net.transpose_conv(x, 4, window);
         }},
        {"classifier",
         {1, 16},
         [](GraphBuilder& net, Value x) { return net.softmax(net.fully_connected(x, 5)); }},
        {"pools",
         {1, 8, 8, 4},
         [](GraphBuilder& net, Value x) {
             return net.average_pool(net.max_pool(x, Window::square(2)), Window::square(3));
         }},
        {"sums",
         {1, 4, 4, 8},
         [](GraphBuilder& net, Value x) {
             return net.minimum(net.mul(net.add(x, x), net.sub(x, x)), net.maximum(x, x));
         }},
        {"functions",
         {1, 4, 4, 4},
         [](GraphBuilder& net, Value x) {
             const Value y = net.leaky_relu(net.prelu(x), 0.1F);
             return net.tanh(net.logistic(net.relu6(y)));
         }},
        {"hard_swish",
         {1, 4, 4, 4},
         [](GraphBuilder& net, Value x) { return net.hard_swish(x); },
         true},
        {"moves",
         {1, 4, 4, 8},
         [](GraphBuilder& net, Value x) {
             const Value y = net.concat(
                 {net.slice(x, {0, 0, 0, 0}, {1, 4, 4, 4}), net.split(x, 2, 3).front()}, 3);
             return net.transpose(net.pad(y, {0, 1, 1, 0}, {0, 1, 1, 0}), {0, 2, 1, 3});
         }},
        {"resizes",
         {1, 4, 4, 4},
         [](GraphBuilder& net, Value x) {
             return net.resize_nearest(net.resize_bilinear(x, 8, 8), 16, 16);
         }},
        {"means",
         {1, 4, 4, 8},
         [](GraphBuilder& net, Value x) {
             return net.reshape(net.mean(x, {1, 2}, true), {1, -1});
         }},
        {"cascade",
         {1, 24, 24, 8},
         [](GraphBuilder& net, Value x) {
             for (int i = 0; i < 3; ++i) x = net.conv2d(x, 8, Window::square(3));
             return x;
         }},
        {"on_cpu",
         {1, 80, 1, 2},
         [](GraphBuilder& net, Value x) {
             Window window;
             window.kernel_h = 65;  // beyond the NPU
             return net.relu(net.conv2d(net.relu(x), 2, window));
         }},
    };
    return all;
}

struct Made {
    std::string name;
    Graph graph;
};

/// Reals of a constant: int8 by its channel's scale, or the int32 of a bias.
std::vector<float> reals(const Tensor& tensor) {
    const std::vector<std::uint8_t>& bytes = tensor.data.bytes();
    const std::vector<float>& scales = tensor.quantization.scales;
    const auto axis = static_cast<std::size_t>(tensor.quantization.axis);
    std::size_t inner = 1;
    for (std::size_t i = axis + 1; i < tensor.shape.size(); ++i) {
        inner *= static_cast<std::size_t>(tensor.shape[i]);
    }
    const bool wide = tensor.type == ElementType::int32;
    std::vector<float> values(bytes.size() / (wide ? sizeof(std::int32_t) : 1));
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::int32_t raw = static_cast<std::int8_t>(bytes[i]);
        if (wide) std::memcpy(&raw, bytes.data() + i * sizeof raw, sizeof raw);
        values[i] = static_cast<float>(raw) * scales[i / inner % scales.size()];
    }
    return values;
}

void make_real(Tensor& tensor) {
    if (tensor.data) {
        const std::vector<float> values = reals(tensor);
        std::vector<std::uint8_t> bytes(values.size() * sizeof(float));
        std::memcpy(bytes.data(), values.data(), bytes.size());
        tensor.data = ConstantData{std::move(bytes)};
    }
    tensor.type = ElementType::float32;
    tensor.quantization = {};
}

/// int8 to the nearest of -7..7 at the same scale, two a byte.
void make_int4(Tensor& tensor) {
    const std::vector<std::uint8_t>& wide = tensor.data.bytes();
    std::vector<std::uint8_t> bytes((wide.size() + 1) / 2);
    for (std::size_t i = 0; i < wide.size(); ++i) {
        const int value = static_cast<std::int8_t>(wide[i]) / 18;
        const auto nibble = static_cast<unsigned>(value) & 15U;
        bytes[i / 2] = static_cast<std::uint8_t>(bytes[i / 2] | nibble << (i % 2 * 4));
    }
    tensor.data = ConstantData{std::move(bytes)};
    tensor.type = ElementType::int4;
}

/// What the NPU has no form for: float32, dynamic-range and 4-bit weights.
std::vector<Made> graphs_on_cpu() {
    const auto layers = [](GraphBuilder& net, Value x) {
        Value y = net.conv2d(x, 6, Window::square(3));
        y = net.relu(net.depthwise_conv2d(y, Window::square(3)));
        return net.fully_connected(net.reshape(y, {1, -1}), 5);
    };
    std::vector<Made> all;
    for (const char* const name : {"float", "dynamic_range", "int4"}) {
        GraphBuilder net{name, {}};
        net.output(layers(net, net.input({1, 4, 4, 3}, "x")));
        Graph graph = net.build();
        const std::string kind = name;
        for (Tensor& tensor : graph.tensors) {
            const bool weights = tensor.data && tensor.type == ElementType::int8;
            if (kind == "int4") {
                if (weights) make_int4(tensor);
            } else if (tensor.type == ElementType::int8 || !tensor.quantization.empty()) {
                if (!weights || kind == "float") make_real(tensor);
            }
        }
        all.push_back({kind, std::move(graph)});
    }
    return all;
}

std::vector<Made> graphs() {
    std::vector<Made> all;
    for (const ElementType type : {ElementType::int8, ElementType::uint8, ElementType::int16}) {
        for (const Kind& kind : kinds()) {
            if (kind.only_8_bits && type == ElementType::int16) continue;
            BuilderOptions options;
            options.activations = type;
            GraphBuilder net{kind.name, options};
            net.output(kind.layers(net, net.input(kind.input, "x")));
            all.push_back(
                {std::string{kind.name} + "_" + std::string{to_string(type)}, net.build()});
        }
    }
    return all;
}

Seed text(const char* name, const std::string& content) {
    return {name, {content.begin(), content.end()}};
}

constexpr const char* graph_text = R"(name: seed
type: int8
weights: {seed: 7, sparsity: 0.5, clusters: 16}
inputs:
  - {name: image, shape: [1, 8, 8, 3], scale: 0.02, zero_point: -3}
layers:
  - {op: conv2d, name: stem, filters: 8, kernel: 3, stride: 2, activation: relu6}
  - {op: depthwise_conv2d, name: spatial, kernel: [3, 1], dilation: 2, multiplier: 1}
  - {op: add, name: sum, from: [stem, spatial], activation: relu}
  - {op: prelu, name: slopes}
  - {op: max_pool, name: small, kernel: 2, padding: same}
  - {op: split, name: parts, parts: 2, axis: 3}
  - {op: concat, name: both, from: [parts/0, parts/1], axis: -1}
  - {op: resize_bilinear, name: large, size: [4, 4], half_pixel_centers: true}
  - {op: transpose, name: turned, order: [0, 2, 1, 3]}
  - {op: pad, name: wide, before: [0, 1, 1, 0], after: [0, 1, 1, 0]}
  - {op: mean, name: mean, axes: [1, 2], keep_dims: false}
  - {op: fully_connected, name: scores, units: 10}
  - {op: softmax, name: classes, beta: 1.0}
outputs: [classes]
)";

constexpr const char* study_text = R"(title: What does more SRAM bring?
note: A seed.
network: zoo:ds_cnn
target: u65-256
set: {timing.kernel_setup: 40}
axes:
  - sram.size: {from: 128KiB, to: 512KiB, factor: 2}
  - dram.bandwidth: [1, 2, 3.75]
measures: [latency_ms, sram_peak_bytes, macs]
pareto: [latency_ms, {macs: largest}]
plots:
  - {x: sram.size, y: latency_ms, series: dram.bandwidth, log_x: true}
)";

}  // namespace

std::vector<Seed> models() {
    std::vector<Seed> all;
    for (const Made& made : graphs()) all.push_back({made.name, write_tflite(made.graph)});
    for (const Made& made : graphs_on_cpu()) all.push_back({made.name, write_tflite(made.graph)});
    return all;
}

std::vector<Seed> compiled_models() {
    std::vector<Seed> all;
    for (const char* const preset : {"u65-256", "u55-128", "u65-512"}) {
        const Target target = Target::preset(preset);
        for (const Made& made : graphs()) {
            const Graph npu = export_compiled(compile(made.graph, target));
            if (is_compiled(npu)) all.push_back({made.name + "_" + preset, write_tflite(npu)});
        }
    }
    return all;
}

std::vector<Seed> foreign_models() {
    std::vector<Seed> seeds;
    const auto add = [&](const std::string& name, const std::string& file) {
        seeds.push_back({name, {file.begin(), file.end()}});
    };
    const Target target = Target::preset("u65-256");
    for (const Made& made : graphs()) {
        const bool is_wanted = made.name == "convolutions_int8" || made.name == "moves_int8";
        if (!is_wanted) continue;
        const CompiledNetwork network = compile(made.graph, target);
        add(made.name + "_npz", npz_file(network));
        add(made.name + "_packed_npz", npz_file(network, true));
        add(made.name + "_pte", pte_file(network));
        add(made.name + "_segments_pte", pte_file(network, true));
    }
    return seeds;
}

std::vector<Seed> texts() {
    return {text("graph", graph_text), text("study", study_text),
            text("target", Target::preset("u65-256").to_yaml()),
            text("other_target", Target::preset("u55-64").to_yaml())};
}

}  // namespace u65sim::corpus
