// One set of units, three back ends: the bare event queue, the SystemC machine, and the SystemC
// machine whose bursts are TLM payloads tell the same story.
#include <catch2/catch.hpp>

#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

#include "property/networks.hpp"
#include "property/random_graphs.hpp"

using namespace u65sim;

namespace {

struct Outcome {
    std::string report, error;
};

/// The whole report as JSON, and the same run by `backend` with its timeline compared beside it.
Outcome outcome(const Graph& graph, const Target& target, SimulationBackend backend) {
    OracleOptions options;
    options.backend = backend;
    options.memory = Bytes{0};
    try {
        return {Oracle{target, options}.estimate(graph).to_json(), {}};
    } catch (const Error& error) {
        return {{}, error.what()};
    }
}

}  // namespace

TEST_CASE("All back ends give the same simulation of every network") {
    SimulateOptions options;
    for (const SimulationBackend backend :
         {SimulationBackend::direct, SimulationBackend::systemc_tlm}) {
        options.backend = backend;
        for (const std::string& name : property::names()) {
            const auto& run = property::run(name);
            Simulation other = simulate(run.network, run.target, options);
            other.events = run.simulation.events;  // back ends count their own
            CAPTURE(name, to_string(backend));
            CHECK(other == run.simulation);
            CHECK(make_report(run.network, run.target, other).to_json() ==
                  make_report(run.network, run.target, run.simulation).to_json());
        }
    }
}

TEST_CASE("All back ends give the same timeline when both ports grant in one cycle") {
    // Without latency many requests come at the same time.
    Target target = Target::preset("u65-256");
    target.ideal_memory = true;
    for (const char* name : {"ds_cnn", "kws_micronet_m"}) {
        const CompiledNetwork network = property::lower(zoo(name, {.modelled = true}), target);
        SimulateOptions options;
        options.timeline = true;
        options.backend = SimulationBackend::direct;
        const Simulation direct = simulate(network, target, options);
        options.backend = SimulationBackend::systemc;
        CAPTURE(name);
        CHECK(!direct.timeline.empty());
        CHECK(simulate(network, target, options).timeline == direct.timeline);
        options.backend = SimulationBackend::systemc_tlm;
        CHECK(simulate(network, target, options).timeline == direct.timeline);
    }
}

TEST_CASE("All back ends give the same report of random networks") {
    const std::uint64_t count = property::random_graph_count(60);
    std::uint64_t reports = 0;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const Graph graph = property::random_graph(seed);
        const Target target = property::random_target(seed);
        const Outcome systemc = outcome(graph, target, SimulationBackend::systemc);
        const Outcome direct = outcome(graph, target, SimulationBackend::direct);
        const Outcome tlm = outcome(graph, target, SimulationBackend::systemc_tlm);
        CAPTURE(seed, target.name);
        CHECK(systemc.report == direct.report);
        CHECK(systemc.error == direct.error);
        CHECK(tlm.report == direct.report);
        CHECK(tlm.error == direct.error);
        reports += systemc.report.empty() ? 0 : 1;
    }
    // Some do not fit their target; most must run, or nothing was compared.
    CHECK(reports * 10 >= count * 8);
}
