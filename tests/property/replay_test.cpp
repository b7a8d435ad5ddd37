// Cached segments are replayed instead of simulated, and nothing shows it but the time it takes.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

#include "machine/direct/simulate_again.hpp"
#include "property/networks.hpp"
#include "property/random_graphs.hpp"

using namespace u65sim;

namespace {

SimulateOptions directly() {
    SimulateOptions options;
    options.backend = SimulationBackend::direct;
    return options;
}

/// The graph, its weight-modelled layer number `index` (counted around) thinner than it was.
Graph with_thinner_layer(Graph graph, std::size_t index) {
    std::vector<Tensor*> modelled;
    for (Tensor& tensor : graph.tensors) {
        if (tensor.data && tensor.data.model() != nullptr) modelled.push_back(&tensor);
    }
    if (modelled.empty()) return graph;
    Tensor& tensor = *modelled[index % modelled.size()];
    WeightModel model = *tensor.data.model();
    model.density *= 0.5;
    tensor.data = ConstantData{model, tensor.data.size()};
    return graph;
}

}  // namespace

TEST_CASE("Networks simulated again, and with one layer changed, take what they took") {
    for (const char* preset : {"u65-256", "u65-512", "u55-128", "u65-256-imx93"}) {
        const Target target = Target::preset(preset);
        machine::ReplayCache cache{target};
        cache.wants_run();  // the first run bypasses the cache
        std::uint64_t missed_again = 0;
        for (const char* name :
             {"ds_cnn", "mobilenet_v1_cifar100", "mobilenet_v2_224", "rnnoise"}) {
            const Graph graph = zoo(name, {.modelled = true});
            for (std::size_t change = 0; change < 6; ++change) {
                CAPTURE(preset, name, change);
                CompiledNetwork network;
                try {
                    network = compile(change == 0 ? graph : with_thinner_layer(graph, 7 * change),
                                      target);
                } catch (const DoesNotFit&) {
                    break;
                }
                const Simulation plain = simulate(network, target, directly());
                CHECK((machine::simulate(network, directly(), cache) == plain));
                const std::uint64_t missed = cache.lookups - cache.hits;
                CHECK((machine::simulate(network, directly(), cache) == plain));
                missed_again += cache.lookups - cache.hits - missed;
            }
        }
        // Behind segments that were replayed where caps had granted other beats, those that a cap
        // holds up are simulated each time.
        CHECK(missed_again < cache.lookups / 20);
        CHECK(cache.hits > cache.lookups / 2);
    }
}

TEST_CASE("Random networks on random targets take what they take alone") {
    const std::uint64_t count = property::random_graph_count(40);
    std::uint64_t again = 0;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const Target target = property::random_target(seed);
        machine::ReplayCache cache{target};
        cache.wants_run();  // the first run bypasses the cache
        for (std::uint64_t i = 0; i < 3; ++i) {
            CAPTURE(seed, i, target.name);
            CompiledNetwork network;
            try {
                network = compile(property::random_graph(seed + i % 2), target);
            } catch (const Error&) {
                continue;
            }
            const Simulation plain = simulate(network, target, directly());
            CHECK((machine::simulate(network, directly(), cache) == plain));
        }
        again += cache.hits;
    }
    CHECK(again > count);
}

TEST_CASE("A cycle limit ends a run however much of it is cached") {
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(zoo("ds_cnn", {.modelled = true}), target);
    const Simulation plain = simulate(network, target, directly());
    machine::ReplayCache cache{target};
    cache.wants_run();  // the first run bypasses the cache
    for (int round = 0; round < 2; ++round) {
        for (const std::int64_t part : {1, 3, 4, 9, 10}) {
            SimulateOptions limited = directly();
            limited.cycle_limit = Cycles{plain.total.count() * part / 10};
            CAPTURE(round, part);
            if (part == 10) {
                CHECK((machine::simulate(network, limited, cache) == plain));
            } else {
                CHECK_THROWS_AS(machine::simulate(network, limited, cache), SimulationStuck);
            }
        }
    }
}

TEST_CASE("The first run bypasses the cache, and most runs do while the hit rate is low") {
    const Target target = Target::preset("u65-256");
    machine::ReplayCache cache{target};
    CHECK_FALSE(cache.wants_run());
    const std::vector<machine::CommandDigest> commands(1);
    int wanted = 0;
    for (int run = 0; run < 80; ++run) {
        if (!cache.wants_run()) continue;
        ++wanted;
        for (int i = 0; i < 5000; ++i) cache.count(false);
    }
    CHECK(wanted == 10);  // two, then none of fourteen
    // As soon as lookups hit again, all runs use it.
    machine::ReplaySegment segment;
    segment.executed = 1;
    segment.commands = commands;
    cache.insert({1, 1}, segment);
    while (!cache.wants_run()) {
    }
    int found = 0;
    for (int i = 0; i < 20000; ++i) {
        const bool is_hit = cache.find({1, 1}, {commands, 0, 1}) != nullptr;
        cache.count(is_hit);
        found += is_hit ? 1 : 0;
    }
    CHECK(found == 20000);
    for (int run = 0; run < 10; ++run) CHECK(cache.wants_run());
}

TEST_CASE("Timelines and the SystemC back end bypass the cache") {
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(zoo("ds_cnn", {.modelled = true}), target);
    machine::ReplayCache cache{target};
    cache.wants_run();  // the first run bypasses the cache
    SimulateOptions options = directly();
    options.timeline = true;
    CHECK(!machine::simulate(network, options, cache).timeline.empty());
    CHECK((machine::simulate(network, SimulateOptions{}, cache) == simulate(network, target)));
    CHECK(cache.lookups == 0);
}
