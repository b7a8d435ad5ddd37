// Functional execution: multiply-accumulates a second of single layers, and whole networks.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/zoo.hpp>

#include "machine/functional/mac_loops.hpp"

namespace {

using namespace u65sim;

/// Dot products alone, all operands in cache: what the inner loop can reach on this host.
void dot_products_alone(benchmark::State& state) {
    constexpr std::size_t patches = 64;
    constexpr std::size_t outputs = 64;
    const auto length = static_cast<std::size_t>(state.range(0));
    const std::vector<std::int16_t> a(patches * length, 3);
    const std::vector<std::int16_t> b(outputs * length, -2);
    std::vector<std::int64_t> sums(patches * outputs);
    for (auto _ : state) {
        machine::functional::dot_products(a.data(), patches, b.data(), outputs, length, length,
                                          sums.data());
        benchmark::DoNotOptimize(sums.data());
    }
    state.counters["MAC/s"] = benchmark::Counter(static_cast<double>(patches * outputs * length),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(dot_products_alone)->Arg(64)->Arg(576)->Name("execute/dot_products");

/// Inferences after the first one, whose weights are decoded already.
void inference(benchmark::State& state, const Graph& graph, bool check) {
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(graph, target);
    std::vector<std::vector<std::uint8_t>> inputs;
    for (const TensorId id : network.graph.inputs) {
        const Tensor& tensor = network.graph.tensors[static_cast<std::size_t>(id)];
        inputs.emplace_back(static_cast<std::size_t>(element_count(tensor.shape)) *
                            static_cast<std::size_t>(element_bytes(tensor.type)));
    }
    benchmark::DoNotOptimize(execute(network, target, inputs));
    for (auto _ : state) {
        benchmark::DoNotOptimize(execute(network, target, inputs, {.check = check}));
    }
    state.counters["MAC/s"] = benchmark::Counter(static_cast<double>(network.macs.count()),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

/// One layer between its input and output in memory.
template <class Layer>
void single_layer(benchmark::State& state, const Shape& shape, Layer layer) {
    GraphBuilder builder{"layer"};
    builder.output(layer(builder, builder.input(shape)));
    inference(state, builder.build(), false);
}
void convolution(benchmark::State& state) {
    single_layer(state, {1, 56, 56, 64},
                 [](GraphBuilder& b, Value x) { return b.conv2d(x, 64, Window::square(3)); });
}
void pointwise(benchmark::State& state) {
    single_layer(state, {1, 56, 56, 96},
                 [](GraphBuilder& b, Value x) { return b.conv2d(x, 24, Window{}); });
}
void depthwise(benchmark::State& state) {
    single_layer(state, {1, 56, 56, 144},
                 [](GraphBuilder& b, Value x) { return b.depthwise_conv2d(x, Window::square(3)); });
}
void fully_connected(benchmark::State& state) {
    single_layer(state, {1, 1024},
                 [](GraphBuilder& b, Value x) { return b.fully_connected(x, 1024); });
}
BENCHMARK(convolution)->Name("execute/layer/conv_3x3")->Unit(benchmark::kMillisecond);
BENCHMARK(pointwise)->Name("execute/layer/conv_1x1")->Unit(benchmark::kMillisecond);
BENCHMARK(depthwise)->Name("execute/layer/depthwise_3x3")->Unit(benchmark::kMillisecond);
BENCHMARK(fully_connected)->Name("execute/layer/fully_connected")->Unit(benchmark::kMillisecond);

void whole_network(benchmark::State& state, const std::string& name, bool check) {
    inference(state, zoo(name), check);
}
// Mostly convolution, depthwise with pointwise, fully connected.
BENCHMARK_CAPTURE(whole_network, resnet50_cifar100, "resnet50_cifar100", false)
    ->Name("execute/resnet50_cifar100")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(whole_network, mobilenet_v2_224, "mobilenet_v2_224", false)
    ->Name("execute/mobilenet_v2_224")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(whole_network, autoencoder, "autoencoder", false)
    ->Name("execute/autoencoder")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(whole_network, mobilenet_v2_224_checked, "mobilenet_v2_224", true)
    ->Name("execute_checked/mobilenet_v2_224")
    ->Unit(benchmark::kMillisecond);

}  // namespace
