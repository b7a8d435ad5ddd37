// No command stream takes fewer cycles than its network's lower bound.
#include <catch2/catch.hpp>

#include <u65sim/bound.hpp>
#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>

#include "property/networks.hpp"
#include "property/random_graphs.hpp"

using namespace u65sim;

TEST_CASE("No network of the zoo or of a file beats its bound") {
    for (const std::string& name : property::names()) {
        const auto& run = property::run(name);
        const LowerBound bound = lower_bound(run.network, run.target);
        CAPTURE(name, to_string(bound.limit), bound.cycles.count(), run.simulation.total.count());
        CHECK(bound.cycles > Cycles{0});
        CHECK(bound.cycles <= run.simulation.total);
        // It is of use: no network is five times as slow.
        CHECK(run.simulation.total.count() < 5 * bound.cycles.count());
    }
}

TEST_CASE("No random network beats its bound, at either effort") {
    const std::uint64_t count = property::random_graph_count(60);
    std::uint64_t bounded = 0;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const Graph graph = property::random_graph(seed);
        const Target target = property::random_target(seed);
        for (const Effort effort : {Effort::normal, Effort::high}) {
            // Many plans are tried for one network in eight.
            if (effort == Effort::high && seed % 8 != 0) continue;
            OracleOptions options;
            options.backend = SimulationBackend::direct;
            options.effort = effort;
            try {
                const Report report = Oracle{target, options}.estimate(graph);
                CAPTURE(seed, target.name, to_string(report.total.limit));
                CHECK(report.total.bound <= report.total.cycles);
                bounded += report.total.bound > Cycles{0} ? 1 : 0;
            } catch (const DoesNotFit&) {
            }
        }
    }
    CHECK(bounded * 10 >= count * 7);
}

TEST_CASE("More of anything never raises a bound") {
    for (const char* key :
         {"sram.size=4MiB", "dram.bandwidth=100", "dram.read_latency=1", "memory.ideal=true"}) {
        for (const std::string& name : property::source_names()) {
            const auto& run = property::run(name);
            Target target = run.target;
            target.set(key);
            CompiledNetwork network = run.network;
            CAPTURE(name, key);
            CHECK(lower_bound(network, target).cycles <= lower_bound(network, run.target).cycles);
        }
    }
}
