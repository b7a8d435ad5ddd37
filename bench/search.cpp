// A search that proves its winner: the best of many networks of the space of examples/090, on two
// threads, by search/fastest/N and search/largest/N (the most MACs within the example's budget);
// and the same by simulating all of them, search/enumerate/N. Counters: exact answers needed, those
// outside of their interval, and the winners, which are those of the enumeration.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include <u65sim/graph.hpp>
#include <u65sim/oracle.hpp>

#include "search_space.hpp"

namespace {

using namespace u65sim;

constexpr double budget_ms = 1.0;
constexpr unsigned threads = 2;

Graph candidate(std::size_t index) { return bench::variant("small_images", index); }

double macs_of(std::size_t index) {
    return static_cast<double>(count_macs(candidate(index)).count());
}

void tell(benchmark::State& state, const Best& best) {
    state.counters["exact_answers"] = static_cast<double>(best.exact_answers);
    state.counters["misses"] = static_cast<double>(best.misses);
    state.counters["failed"] = static_cast<double>(best.failed);
    state.counters["winner"] = static_cast<double>(best.index.value_or(0));
    state.counters["winner_ms"] = best.report ? best.report->latency_ms() : 0.0;
}

void fastest(benchmark::State& state) {
    BestOptions options;
    options.batch.threads = threads;
    for (auto _ : state) {
        Oracle oracle{Target::preset("u65-256")};
        tell(state, oracle.best_of(static_cast<std::size_t>(state.range(0)), candidate, options));
    }
}

void largest(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    BestOptions options;
    options.batch.threads = threads;
    options.budget_ms = budget_ms;
    for (auto _ : state) {
        for (std::size_t i = 0; i < count; ++i) options.scores.push_back(macs_of(i));
        Oracle oracle{Target::preset("u65-256")};
        tell(state, oracle.best_of(count, candidate, options));
    }
}

/// Of both searches the winner, by asking for all networks, a batch at a time.
void enumerate(benchmark::State& state) {
    const auto count = static_cast<std::size_t>(state.range(0));
    constexpr std::size_t batch = 500;
    BatchOptions how;
    how.threads = threads;
    for (auto _ : state) {
        Oracle oracle{Target::preset("u65-256")};
        std::size_t fastest = 0;
        std::size_t largest = 0;
        double least = std::numeric_limits<double>::infinity();
        double most = 0;
        for (std::size_t from = 0; from < count; from += batch) {
            std::vector<Graph> graphs;
            for (std::size_t i = from; i < count && i < from + batch; ++i) {
                graphs.push_back(candidate(i));
            }
            const std::vector<Answer> answers = oracle.estimate_all(graphs, how);
            for (std::size_t i = 0; i < answers.size(); ++i) {
                if (!answers[i].report) continue;
                const double ms = answers[i].report->latency_ms();
                const auto macs = static_cast<double>(answers[i].report->model.macs.count());
                if (ms < least) {
                    least = ms;
                    fastest = from + i;
                }
                if (ms <= budget_ms && macs > most) {
                    most = macs;
                    largest = from + i;
                }
            }
        }
        state.counters["fastest"] = static_cast<double>(fastest);
        state.counters["largest"] = static_cast<double>(largest);
    }
}

[[maybe_unused]] const bool registered = [] {
    const auto once = [](const char* name, auto measured) {
        return benchmark::RegisterBenchmark(name, measured)
            ->Iterations(1)
            ->MeasureProcessCPUTime()
            ->UseRealTime()
            ->Unit(benchmark::kSecond);
    };
    once("search/fastest", fastest)->Arg(5'000)->Arg(100'000);
    once("search/largest", largest)->Arg(5'000)->Arg(100'000);
    once("search/enumerate", enumerate)->Arg(5'000);
    return true;
}();

}  // namespace
