// The simulator on one network a block type: block/NAME is what a sweep pays for a point (compile,
// simulate, report), block_machine/NAME the machine alone, block_timeline/NAME with its timeline.
#include <benchmark/benchmark.h>

#include <string>

#include <u65sim/blocks.hpp>
#include <u65sim/oracle.hpp>

namespace {

using namespace u65sim;

constexpr BlockShape shape{28, 28, 64};

void whole(benchmark::State& state, const std::string& name) {
    const Graph graph = block(name, shape);
    const Target target = Target::preset("u65-256");
    Report report;
    for (auto _ : state) {
        report = Oracle{target}.estimate(graph);
        benchmark::DoNotOptimize(report);
    }
    state.counters["npu_cycles"] = static_cast<double>(report.total.cycles.count());
}

void machine(benchmark::State& state, const std::string& name, bool timeline) {
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(block(name, shape), target);
    Simulation simulation;
    for (auto _ : state) {
        simulation = simulate(network, target, {.timeline = timeline});
        benchmark::DoNotOptimize(simulation);
    }
    state.counters["npu_cycles/s"] =
        benchmark::Counter(static_cast<double>(simulation.total.count()),
                           benchmark::Counter::kIsIterationInvariantRate);
    state.counters["events"] = static_cast<double>(simulation.events);
}

[[maybe_unused]] const bool registered = [] {
    for (const ZooEntry& entry : block_list()) {
        const std::string& name = entry.name;
        benchmark::RegisterBenchmark(("block/" + name).c_str(), whole, name)
            ->Unit(benchmark::kMillisecond);
        benchmark::RegisterBenchmark(("block_machine/" + name).c_str(), machine, name, false)
            ->Unit(benchmark::kMillisecond);
        benchmark::RegisterBenchmark(("block_timeline/" + name).c_str(), machine, name, true)
            ->Unit(benchmark::kMillisecond);
    }
    return true;
}();

}  // namespace
