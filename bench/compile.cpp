// How long compiling takes: with weight encodings known, as in repeated queries, and without.
#include <benchmark/benchmark.h>

#include <u65sim/compile.hpp>
#include <u65sim/target.hpp>
#include <u65sim/zoo.hpp>

namespace {

using namespace u65sim;

/// The same network again: block searches and weight encodings are found by content.
void compile_again(benchmark::State& state, const char* name) {
    const Graph graph = zoo(name);
    const Target target = Target::preset("u65-256");
    benchmark::DoNotOptimize(compile(graph, target));
    for (auto _ : state) benchmark::DoNotOptimize(compile(graph, target));
}

/// Other weights every time: everything but the block searches is new.
void compile_new_weights(benchmark::State& state, const char* name) {
    const Target target = Target::preset("u65-256");
    ZooWeights weights;
    for (auto _ : state) {
        state.PauseTiming();
        ++weights.seed;
        const Graph graph = zoo(name, weights);
        state.ResumeTiming();
        benchmark::DoNotOptimize(compile(graph, target));
    }
}

BENCHMARK_CAPTURE(compile_again, mobilenet_v2_224, "mobilenet_v2_224")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(compile_again, resnet50_cifar100, "resnet50_cifar100")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(compile_again, ds_cnn, "ds_cnn")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(compile_new_weights, mobilenet_v2_224, "mobilenet_v2_224")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(compile_new_weights, ds_cnn, "ds_cnn")->Unit(benchmark::kMillisecond);

}  // namespace
