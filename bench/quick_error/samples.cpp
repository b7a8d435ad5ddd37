#include "samples.hpp"

#include <optional>
#include <thread>
#include <utility>

#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>

#include "search_space.hpp"

namespace quick_error {

namespace {

using namespace u65sim;

std::optional<Sample> measure(const std::string& family, std::uint64_t seed, Oracle& exact,
                              const CompileCache& cache) {
    const Graph graph = bench::variant(family, seed);
    compiler::CacheCounters counters;
    try {
        const auto quick = compiler::quick::answer(graph, exact.target(), {}, cache, counters);
        const Report report = exact.estimate(graph);
        Sample sample;
        sample.seed = seed;
        sample.family = family;
        sample.mode = exact.target().memory_mode;
        sample.cores = exact.target().accelerator.cores;
        sample.kind = oracle::class_of(quick);
        sample.terms = quick.terms;
        sample.exact = static_cast<double>(report.total.cycles.count());
        sample.macs = static_cast<double>(report.model.macs.count());
        if (sample.exact <= 0) return std::nullopt;
        return sample;
    } catch (const DoesNotFit&) {
        return std::nullopt;
    }
}

}  // namespace

Space measure_space(const std::string& family, const std::string& target, std::size_t networks,
                    unsigned threads) {
    Oracle exact{Target::preset(target)};
    const CompileCache cache;
    std::vector<std::optional<Sample>> found(networks);
    std::vector<std::jthread> workers;
    for (unsigned worker = 0; worker < threads; ++worker) {
        workers.emplace_back([&, worker] {
            for (std::size_t i = worker; i < networks; i += threads) {
                found[i] = measure(family, i, exact, cache);
            }
        });
    }
    workers.clear();
    Space space{family, target, {}, 0};
    for (auto& sample : found) {
        if (sample) {
            space.samples.push_back(std::move(*sample));
        } else {
            ++space.refused;
        }
    }
    return space;
}

}  // namespace quick_error
