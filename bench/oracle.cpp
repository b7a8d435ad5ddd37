// The oracle in somebody's inner loop: a network it never saw, a known one with one layer changed,
// one it knows; from one and two threads; and its memory after 100,000 queries.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

#include "search_space.hpp"

namespace {

using namespace u65sim;

constexpr std::array families{"mobilenet_v2", "mobilenet_v1_cifar", "ds_cnn", "resnet50_cifar"};
/// Seeds of the networks that warm an engine up; the measured ones come behind.
constexpr std::uint64_t warm_up = 100;

Oracle make(Effort effort = Effort::normal) {
    OracleOptions options;
    options.effort = effort;
    return Oracle{Target::preset("u65-256"), options};
}

/// Times of single queries, for percentiles.
class Times {
public:
    template <class Work>
    void measure(Work work) {
        const auto start = std::chrono::steady_clock::now();
        work();
        milliseconds_.push_back(
            std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
                .count());
    }
    void tell(benchmark::State& state) {
        if (milliseconds_.empty()) return;
        std::sort(milliseconds_.begin(), milliseconds_.end());
        const auto at = [&](std::size_t percent) {
            return milliseconds_[(milliseconds_.size() - 1) * percent / 100];
        };
        state.counters["p50_ms"] = at(50);
        state.counters["p99_ms"] = at(99);
        state.counters["queries/s"] = benchmark::Counter(static_cast<double>(state.iterations()),
                                                         benchmark::Counter::kIsRate);
    }

private:
    std::vector<double> milliseconds_;
};

void new_network(benchmark::State& state, const std::string& family) {
    Oracle oracle = make();
    for (std::uint64_t seed = 0; seed < warm_up; ++seed)
        oracle.estimate(bench::variant(family, seed));
    const OracleStatistics before = oracle.statistics();
    std::uint64_t seed = warm_up;
    Times times;
    for (auto _ : state) {
        const Graph graph = bench::variant(family, seed++);
        times.measure([&] { benchmark::DoNotOptimize(oracle.estimate(graph)); });
    }
    times.tell(state);
    const OracleStatistics after = oracle.statistics();
    const auto mean = [&](double OracleStatistics::*stage) {
        return 1e3 * (after.*stage - before.*stage) / static_cast<double>(state.iterations());
    };
    state.counters["compile_ms"] = mean(&OracleStatistics::compile_seconds);
    state.counters["simulate_ms"] = mean(&OracleStatistics::simulate_seconds);
}

/// By rules, in an oracle that has met a thousand networks of the space.
void quick(benchmark::State& state, const std::string& family) {
    constexpr std::uint64_t met = 1000;
    Oracle oracle = make(Effort::quick);
    for (std::uint64_t seed = 0; seed < met; ++seed) oracle.estimate(bench::variant(family, seed));
    std::uint64_t seed = met;
    Times times;
    for (auto _ : state) {
        state.PauseTiming();
        const Graph graph = bench::variant(family, seed++);
        state.ResumeTiming();
        times.measure([&] { benchmark::DoNotOptimize(oracle.estimate(graph)); });
    }
    times.tell(state);
}

void one_layer(benchmark::State& state, const std::string& family) {
    Oracle oracle = make();
    const Graph base = bench::variant(family, 1);
    for (std::uint64_t i = 0; i < warm_up; ++i) {
        oracle.estimate(bench::with_one_layer_changed(base, i));
    }
    std::uint64_t seed = warm_up;
    Times times;
    for (auto _ : state) {
        const Graph graph = bench::with_one_layer_changed(base, seed++);
        times.measure([&] { benchmark::DoNotOptimize(oracle.estimate(graph)); });
    }
    times.tell(state);
}

void repeat(benchmark::State& state, const std::string& family) {
    Oracle oracle = make();
    const Graph graph = bench::variant(family, 1);
    oracle.estimate(graph);
    Times times;
    for (auto _ : state) {
        times.measure([&] { benchmark::DoNotOptimize(oracle.estimate(graph)); });
    }
    times.tell(state);
}

/// A batch of new networks a time.
void batch(benchmark::State& state, unsigned threads) {
    constexpr std::size_t size = 50;
    Oracle oracle = make();
    std::uint64_t seed = 0;
    const auto next = [&] {
        std::vector<Graph> graphs;
        for (std::size_t i = 0; i < size; ++i)
            graphs.push_back(bench::variant("mobilenet_v2", seed++));
        return graphs;
    };
    BatchOptions options;
    options.threads = threads;
    oracle.estimate_all(next(), options);
    for (auto _ : state) {
        state.PauseTiming();
        const std::vector<Graph> graphs = next();
        state.ResumeTiming();
        benchmark::DoNotOptimize(oracle.estimate_all(graphs, options));
    }
    state.counters["queries/s"] = benchmark::Counter(
        static_cast<double>(state.iterations() * static_cast<std::int64_t>(size)),
        benchmark::Counter::kIsRate);
}

/// Resident memory of this process in MiB.
double resident() {
    std::ifstream file{"/proc/self/statm"};
    double total = 0;
    double pages = 0;
    file >> total >> pages;
    return pages * 4096 / (1 << 20);
}

/// Ten times as many queries must not take more memory.
void memory(benchmark::State& state) {
    OracleOptions options;
    options.memory = Bytes{std::int64_t{8} << 20};
    Oracle oracle{Target::preset("u65-256"), options};
    const Graph base = zoo("rnnoise", {.modelled = true});
    for (auto _ : state) {
        for (std::uint64_t i = 0; i < 100'000; ++i) {
            Graph graph = base;
            graph.name += std::to_string(i);
            oracle.estimate(graph);
            if (i + 1 == 10'000) state.counters["MiB_after_10000"] = resident();
        }
        state.counters["MiB_after_100000"] = resident();
    }
}

[[maybe_unused]] const bool registered = [] {
    for (const std::string family : families) {
        const auto add = [&](const char* what, auto measured) {
            benchmark::RegisterBenchmark(("oracle/" + std::string(what) + "/" + family).c_str(),
                                         measured, family)
                ->Unit(benchmark::kMillisecond)
                ->UseRealTime();
        };
        add("new_network", new_network);
        add("one_layer_changed", one_layer);
        add("repeat", repeat);
        add("quick", quick);
    }
    const auto add = [](const char* name, unsigned threads) {
        benchmark::RegisterBenchmark(name, batch, threads)
            ->Unit(benchmark::kMillisecond)
            ->UseRealTime();
    };
    add("oracle/batch/threads:1", 1);
    add("oracle/batch/threads:2", 2);
    benchmark::RegisterBenchmark("oracle/memory", memory)
        ->Unit(benchmark::kSecond)
        ->Iterations(1)
        ->UseRealTime();
    return true;
}();

}  // namespace
