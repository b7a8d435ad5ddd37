// Groups of few channels share kernels, with zeros between their filters, and so do the filters of
// a depth multiplier over several channels: the bytes are those of a kernel for each group.
#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/target.hpp>

#include "unit/compile/networks.hpp"
#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

struct Layer {
    OpType type;
    std::int32_t channels, groups, filters, kernel, stride;
    std::size_t kernels;  ///< that it takes on the u65-256
};

/// Of 8 bits, unsigned ones with a zero point among the weights.
Graph network(const Layer& layer, bool is_unsigned) {
    test::Builder b;
    const std::int32_t size = 24;
    const TensorId in = b.input({1, size, size, layer.channels});
    const bool by_channels = layer.type == OpType::depthwise_conv_2d;
    const Shape shape = by_channels ? Shape{1, layer.kernel, layer.kernel, layer.filters}
                                    : Shape{layer.filters, layer.kernel, layer.kernel,
                                            layer.channels / layer.groups};
    const TensorId weights = b.weights(shape);
    std::vector<std::int32_t> values(static_cast<std::size_t>(layer.filters));
    std::iota(values.begin(), values.end(), -200);
    const TensorId bias = b.numbers(values);
    const TensorId out =
        b.map({1, size / layer.stride, size / layer.stride, layer.filters}, 0.3F, 4);
    if (is_unsigned) {
        for (const TensorId id : {in, weights, out}) {
            Tensor& tensor = b.graph.tensors[static_cast<std::size_t>(id)];
            tensor.type = ElementType::uint8;
            tensor.quantization.zero_points = {id == weights ? 131 : 90};
        }
    }
    WindowAttributes window;
    window.stride_h = window.stride_w = layer.stride;
    window.padding = Padding::same;
    window.depth_multiplier = by_channels ? layer.filters / layer.channels : 1;
    b.op(layer.type, {in, weights, bias}, out, window);
    return b.finish(out);
}

constexpr Layer layers[] = {
    {OpType::depthwise_conv_2d, 3, 3, 24, 3, 2, 1},    // a first layer of images
    {OpType::depthwise_conv_2d, 37, 37, 74, 3, 1, 3},  // the last kernel has fewer groups
    {OpType::depthwise_conv_2d, 64, 64, 128, 3, 1, 4},
    {OpType::conv_2d, 12, 12, 24, 3, 1, 1},   // as TensorFlow writes Conv2D(groups)
    {OpType::conv_2d, 64, 16, 128, 3, 1, 4},  // four channels each
    {OpType::conv_2d, 96, 4, 96, 3, 1, 4},    // each group fills it alone
};

}  // namespace

TEST_CASE("Groups that share a kernel have the results of kernels of their own") {
    CompileOptions apart;
    apart.like_vela = true;
    for (const Layer& layer : layers) {
        CAPTURE(layer.channels, layer.groups, layer.filters);
        for (const bool is_unsigned : {false, true}) {
            const Graph graph = network(layer, is_unsigned);
            for (const char* name : {"u65-256", "u65-512", "u55-64"}) {
                const Target target = Target::preset(name);
                const CompiledNetwork compiled = compile(graph, target);
                CHECK(compiled.cpu_operators.empty());
                std::vector<std::uint8_t> input(
                    static_cast<std::size_t>(element_count(graph.tensors[0].shape)));
                std::iota(input.begin(), input.end(), std::uint8_t{0});
                const Execution done = execute(compiled, target, {input}, {.check = true});
                CHECK(done.findings.empty());
                CHECK(done.outputs ==
                      execute(compile(graph, target, apart), target, {input}).outputs);
            }
        }
    }
}

TEST_CASE("As many groups share a kernel as is predicted to be fastest") {
    const Target target = Target::preset("u65-256");
    for (const Layer& layer : layers) {
        CAPTURE(layer.channels, layer.groups, layer.filters);
        CHECK(test::kernels_of(compile(network(layer, false), target)).size() == layer.kernels);
    }
}

TEST_CASE("Weights that are modelled are thinned out where groups share a kernel") {
    GraphBuilder net{"net"};
    net.output(net.conv2d(net.input({1, 24, 24, 64}, "in"), 64, Window::square(3), {}, 32));
    const Graph graph = net.build();
    const Target target = Target::preset("u65-256");
    CompileOptions apart;
    apart.like_vela = true;
    const CompiledNetwork joined = compile(graph, target);
    CHECK(test::kernels_of(joined).size() < 32);
    // Three quarters are zeros: not four times the bytes.
    CHECK(joined.encoded_weight_bytes < 2 * compile(graph, target, apart).encoded_weight_bytes);
}
