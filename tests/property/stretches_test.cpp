// What was simulated before is not simulated again, and nothing shows it but the time it takes.
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
    options.kernel = Kernel::direct;
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
        machine::Stretches known{target};
        known.wants_run();  // the first one is left alone
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
                CHECK((machine::simulate(network, directly(), known) == plain));
                const std::uint64_t missed = known.asked - known.known;
                CHECK((machine::simulate(network, directly(), known) == plain));
                CHECK(known.asked - known.known == missed);
            }
        }
        CHECK(known.known > known.asked / 2);
    }
}

TEST_CASE("Random networks on random targets take what they take alone") {
    const std::uint64_t count = property::random_graph_count(40);
    std::uint64_t again = 0;
    for (std::uint64_t seed = 1; seed <= count; ++seed) {
        const Target target = property::random_target(seed);
        machine::Stretches known{target};
        known.wants_run();  // the first one is left alone
        for (std::uint64_t i = 0; i < 3; ++i) {
            CAPTURE(seed, i, target.name);
            CompiledNetwork network;
            try {
                network = compile(property::random_graph(seed + i % 2), target);
            } catch (const Error&) {
                continue;
            }
            const Simulation plain = simulate(network, target, directly());
            CHECK((machine::simulate(network, directly(), known) == plain));
        }
        again += known.known;
    }
    CHECK(again > count);
}

TEST_CASE("A cycle limit ends a run however much of it is known") {
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(zoo("ds_cnn", {.modelled = true}), target);
    const Simulation plain = simulate(network, target, directly());
    machine::Stretches known{target};
    known.wants_run();  // the first one is left alone
    for (int round = 0; round < 2; ++round) {
        for (const std::int64_t part : {1, 3, 4, 9, 10}) {
            SimulateOptions limited = directly();
            limited.cycle_limit = Cycles{plain.total.count() * part / 10};
            CAPTURE(round, part);
            if (part == 10) {
                CHECK((machine::simulate(network, limited, known) == plain));
            } else {
                CHECK_THROWS_AS(machine::simulate(network, limited, known), SimulationStuck);
            }
        }
    }
}

TEST_CASE("The first run leaves nothing, and few do where hardly anything is known") {
    const Target target = Target::preset("u65-256");
    machine::Stretches known{target};
    CHECK_FALSE(known.wants_run());
    const std::vector<machine::CommandDigest> commands(1);
    int wanted = 0;
    for (int run = 0; run < 80; ++run) {
        if (!known.wants_run()) continue;
        ++wanted;
        for (std::uint64_t i = 0; i < 5000; ++i) known.find({i, i}, commands, 0, 1);
    }
    CHECK(wanted == 10);  // two, then none of fourteen
    // As soon as something is known again, all runs take part.
    machine::Stretch stretch;
    stretch.executed = 1;
    stretch.commands = commands;
    known.insert({1, 1}, stretch);
    while (!known.wants_run()) {
    }
    int found = 0;
    for (int i = 0; i < 20000; ++i) found += known.find({1, 1}, commands, 0, 1) ? 1 : 0;
    CHECK(found == 20000);
    for (int run = 0; run < 10; ++run) CHECK(known.wants_run());
}

TEST_CASE("Timelines and the SystemC kernel make no use of what is known") {
    const Target target = Target::preset("u65-256");
    const CompiledNetwork network = compile(zoo("ds_cnn", {.modelled = true}), target);
    machine::Stretches known{target};
    known.wants_run();  // the first one is left alone
    SimulateOptions options = directly();
    options.timeline = true;
    CHECK(!machine::simulate(network, options, known).timeline.empty());
    CHECK((machine::simulate(network, SimulateOptions{}, known) == simulate(network, target)));
    CHECK(known.asked == 0);
}
