// The whole road and its parts, a benchmark for each zoo network: run/NAME (compile, simulate,
// report: what `u65sim run` does behind reading), compile/NAME and machine/NAME alone.
#include <benchmark/benchmark.h>

#include <array>
#include <string>

#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

namespace {

using namespace u65sim;

constexpr std::array networks{
    "rnnoise",           "ds_cnn",        "mobilenet_v1_cifar100", "mobilenet_v2_224",
    "resnet50_cifar100", "vgg19_cifar100"};

void run(benchmark::State& state, const std::string& name) {
    const Graph graph = zoo(name);
    const Target target = Target::preset("u65-256");
    Report report;
    for (auto _ : state) {
        // A fresh oracle each time: its memo would answer the second question.
        report = Oracle{target}.estimate(graph);
        benchmark::DoNotOptimize(report);
    }
    state.counters["npu_cycles"] = static_cast<double>(report.total.cycles.count());
}

void compile_alone(benchmark::State& state, const std::string& name) {
    const Graph graph = zoo(name);
    const Target target = Target::preset("u65-256");
    for (auto _ : state) {
        CompiledNetwork network = compile(graph, target);
        benchmark::DoNotOptimize(network);
    }
}

void machine_alone(benchmark::State& state, const std::string& name) {
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(zoo(name), target);
    Simulation simulation;
    for (auto _ : state) {
        simulation = simulate(network, target);
        benchmark::DoNotOptimize(simulation);
    }
    state.counters["npu_cycles/s"] =
        benchmark::Counter(static_cast<double>(simulation.total.count()),
                           benchmark::Counter::kIsIterationInvariantRate);
    state.counters["events"] = static_cast<double>(simulation.events);
}

[[maybe_unused]] const bool registered = [] {
    for (const std::string name : networks) {
        benchmark::RegisterBenchmark(("run/" + name).c_str(), run, name)
            ->Unit(benchmark::kMillisecond);
        benchmark::RegisterBenchmark(("compile/" + name).c_str(), compile_alone, name)
            ->Unit(benchmark::kMillisecond);
        benchmark::RegisterBenchmark(("machine/" + name).c_str(), machine_alone, name)
            ->Unit(benchmark::kMillisecond);
    }
    return true;
}();

}  // namespace
