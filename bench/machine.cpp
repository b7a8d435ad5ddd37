// The machine's two kernels on a stream the size of VGG19 at 224 x 224, made by hand: no compiler.
#include <benchmark/benchmark.h>

#include <array>

#include "machine/direct/event_queue.hpp"
#include "machine/systemc/engine.hpp"
#include "stream/operation.hpp"

namespace {

using namespace u65sim;

stream::FeatureMap map_of(int size, int depth, std::uint64_t base) {
    stream::FeatureMap map;
    map.region = 1;
    map.base[0] = base;
    map.height0 = map.height1 = map.height = size;
    map.width0 = map.width = size;
    map.depth = depth;
    map.layout = stream::Layout::nhcwb16;
    map.stride_x = 16;
    map.stride_c = 16 * size;
    map.stride_y = std::int64_t{depth} * size;
    return map;
}

std::vector<stream::Command> vgg_sized() {
    struct Layer {
        int size, inputs, outputs;
    };
    constexpr std::array<Layer, 16> layers{{{224, 16, 64},
                                            {224, 64, 64},
                                            {112, 64, 128},
                                            {112, 128, 128},
                                            {56, 128, 256},
                                            {56, 256, 256},
                                            {56, 256, 256},
                                            {56, 256, 256},
                                            {28, 256, 512},
                                            {28, 512, 512},
                                            {28, 512, 512},
                                            {28, 512, 512},
                                            {14, 512, 512},
                                            {14, 512, 512},
                                            {14, 512, 512},
                                            {14, 512, 512}}};
    std::vector<stream::Command> commands;
    std::uint32_t words = 0;
    for (const Layer& layer : layers) {
        stream::KernelOp op;
        op.ifm = map_of(layer.size, layer.inputs, 0);
        op.ofm = map_of(layer.size, layer.outputs, 8 << 20);
        op.kernel.height = op.kernel.width = 3;
        op.pad = {1, 1, 1, 1};
        op.block = {16, 16, 16};
        op.ib_end = 26;
        op.ab_start = 30;
        op.weights[0].length = static_cast<std::uint32_t>(9 * layer.inputs * layer.outputs);
        op.scales[0].length = static_cast<std::uint32_t>(10 * layer.outputs);
        words += 60;
        commands.push_back({words - 1, 60, op});
    }
    commands.push_back({words, 1, stream::Stop{}});
    return commands;
}

template <class Run>
void measure(benchmark::State& state, const Run& run) {
    const std::vector<stream::Command> commands = vgg_sized();
    const Target target = Target::preset("u65-256");
    Simulation simulation;
    for (auto _ : state) {
        simulation =
            run(commands, std::int64_t{commands.back().word_index} + 1, target, SimulateOptions{});
        benchmark::DoNotOptimize(simulation);
    }
    state.counters["events"] = static_cast<double>(simulation.events);
    state.counters["npu_cycles"] = static_cast<double>(simulation.total.count());
}

void systemc(benchmark::State& state) { measure(state, machine::run_on_systemc); }
void event_queue(benchmark::State& state) {
    measure(state, [](const auto&... run) { return machine::run_on_event_queue(run...); });
}

void systemc_tlm(benchmark::State& state) {
    measure(state, [](const auto& commands, std::int64_t words, const Target& target,
                      SimulateOptions options) {
        options.backend = SimulationBackend::systemc_tlm;
        return machine::run_on_systemc(commands, words, target, options);
    });
}

BENCHMARK(systemc_tlm)->Name("machine/vgg19_sized/systemc_tlm")->Unit(benchmark::kMillisecond);
BENCHMARK(systemc)->Name("machine/vgg19_sized/systemc")->Unit(benchmark::kMillisecond);
BENCHMARK(event_queue)->Name("machine/vgg19_sized/event_queue")->Unit(benchmark::kMillisecond);

}  // namespace
