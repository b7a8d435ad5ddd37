// Speed of the weight stream: order, encode, size, decode. Bytes are weights (one byte each).
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "weights/codec.hpp"
#include "weights/order.hpp"

namespace {

using namespace u65sim::weights;

constexpr std::size_t weight_count = std::size_t{1} << 20;

/// Roughly Gaussian weights (a sum of uniform ones) with a share of zeros in percent.
std::vector<std::int16_t> make_weights(std::int64_t deviation, std::int64_t zero_percent) {
    std::uint64_t state = 1;
    const auto next = [&state] {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::int64_t>(state >> 40);  // 24 bits
    };
    std::vector<std::int16_t> weights(weight_count);
    for (auto& weight : weights) {
        std::int64_t sum = 0;
        for (int i = 0; i < 12; ++i) sum += next() - (1 << 23);
        const std::int64_t value = sum * deviation / (1 << 24);
        const bool zero = next() % 100 < zero_percent;
        weight = static_cast<std::int16_t>(
            zero ? 0 : std::min<std::int64_t>(127, std::max<std::int64_t>(-127, value)));
    }
    return weights;
}

void count_weights(benchmark::State& state) {
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(weight_count));
}

void distributions(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"deviation", "zeros"});
    for (const auto& args : {std::pair{1, 0}, {5, 0}, {30, 0}, {60, 0}, {30, 50}, {30, 90}}) {
        bench->Args({args.first, args.second});
    }
}

void weights_encode(benchmark::State& state) {
    const auto weights = make_weights(state.range(0), state.range(1));
    for (auto _ : state) benchmark::DoNotOptimize(encode(weights));
    count_weights(state);
}
BENCHMARK(weights_encode)->Apply(distributions)->Unit(benchmark::kMillisecond);

void weights_encoded_size(benchmark::State& state) {
    const auto weights = make_weights(state.range(0), state.range(1));
    for (auto _ : state) benchmark::DoNotOptimize(encoded_size(weights));
    count_weights(state);
}
BENCHMARK(weights_encoded_size)->Apply(distributions)->Unit(benchmark::kMillisecond);

void weights_decode(benchmark::State& state) {
    const auto stream = encode(make_weights(state.range(0), state.range(1)));
    for (auto _ : state) benchmark::DoNotOptimize(decode(stream));
    count_weights(state);
}
BENCHMARK(weights_decode)->Apply(distributions)->Unit(benchmark::kMillisecond);

void weights_order(benchmark::State& state) {
    const auto weights = make_weights(30, 0);
    const auto traversal = static_cast<Traversal>(state.range(0));
    const bool depthwise = traversal == Traversal::depthwise;
    const std::int32_t outputs = depthwise ? 1 << 16 : 256;
    const std::int32_t edge = depthwise || traversal == Traversal::part_kernel_first ? 4 : 2;
    const auto inputs =
        static_cast<std::int32_t>(weight_count / static_cast<std::size_t>(outputs * edge * edge));
    const Volume volume{outputs, edge, edge, inputs, weights};
    const Order order{.traversal = traversal, .block_depth = 64};
    for (auto _ : state) benchmark::DoNotOptimize(to_stream_order(volume, order));
    count_weights(state);
}
BENCHMARK(weights_order)->ArgName("traversal")->DenseRange(0, 2)->Unit(benchmark::kMillisecond);

}  // namespace
