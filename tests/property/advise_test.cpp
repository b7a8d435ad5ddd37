// Advice is what the machine says about the changed network, not a guess.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include <u65sim/graph_builder.hpp>
#include <u65sim/network.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/transform.hpp>
#include <u65sim/zoo.hpp>

#include "oracle/variants.hpp"
#include "support/environment.hpp"
#include "support/skip.hpp"

using namespace u65sim;

namespace {

std::vector<Advice> of_kind(const std::vector<Advice>& advice, Advice::Kind kind) {
    std::vector<Advice> result;
    std::copy_if(advice.begin(), advice.end(), std::back_inserter(result),
                 [&](const Advice& one) { return one.kind == kind; });
    return result;
}

/// Two maps of 96 KiB live at a time, with channels that are no multiples of 16. The last ones are
/// the network's results.
Graph sample() {
    GraphBuilder net{"sample", {{.modelled = true}}};
    Value x = net.input({1, 64, 64, 24});
    for (int i = 0; i < 3; ++i) {
        const Value y = net.conv2d(x, 24, Window::square(3), {.activation = Activation::relu});
        x = net.add(x, y);
    }
    net.output(net.conv2d(x, 20, Window::square(1)));
    return net.build();
}

Target small_sram() {
    Target target = Target::preset("u65-256");
    target.sram.size = Bytes{64 * 1024};
    return target;
}

bool spills(const Graph& graph, Target target, Bytes sram, const std::string& tensor) {
    target.sram.size = sram;
    const Report report = Oracle{target}.estimate(graph);
    return std::any_of(report.spills.begin(), report.spills.end(),
                       [&](const SpillEvent& spill) { return spill.tensor == tensor; });
}

}  // namespace

TEST_CASE("Advice is ranked by what it saves, and asking changes nothing") {
    Oracle oracle{small_sram()};
    const Graph graph = sample();
    const Report before = oracle.estimate(graph);
    const std::vector<Advice> advice = oracle.advise(graph);
    REQUIRE_FALSE(advice.empty());
    CHECK(std::is_sorted(advice.begin(), advice.end(),
                         [](const Advice& a, const Advice& b) { return a.saved > b.saved; }));
    CHECK(oracle.estimate(graph) == before);
    CHECK(oracle.advise(graph) == advice);
    CHECK((Oracle{small_sram()}.advise(graph, {.threads = 1}) == advice));
}

TEST_CASE("A memory's number is worth what the network takes less with it") {
    Oracle oracle{Target::preset("u65-256")};
    const Graph graph = zoo("ds_cnn");
    const Cycles before = oracle.estimate(graph).total.cycles;
    const auto memory = of_kind(oracle.advise(graph), Advice::Kind::better_memory);
    const auto saved = [&](const std::string& field) {
        const auto found = std::find_if(memory.begin(), memory.end(),
                                        [&](const Advice& one) { return one.subject == field; });
        return found == memory.end() ? Cycles{0} : found->saved;
    };
    Target faster = oracle.target();
    faster.off_chip.read_latency = Cycles{250};
    CHECK(saved("dram.read_latency") == before - Oracle{faster}.estimate(graph).total.cycles);
    Target ideal = oracle.target();
    ideal.ideal_memory = true;
    CHECK(saved("memory.ideal") == before - Oracle{ideal}.estimate(graph).total.cycles);
    for (const Advice& one : memory) CHECK(one.saved <= saved("memory.ideal"));
    CHECK(of_kind(Oracle{ideal}.advise(graph), Advice::Kind::better_memory).empty());
}

TEST_CASE("A last SOFTMAX has its price, one in the middle is left") {
    const auto network = [](bool last) {
        GraphBuilder net{"softmax", {{.modelled = true}}};
        Value x = net.conv2d(net.input({1, 8, 8, 16}), 64, Window::square(1));
        x = net.softmax(x, 1.0F, {.name = "softmax"});
        net.output(last ? x : net.conv2d(x, 16, Window::square(1)));
        return net.build();
    };
    Oracle oracle{Target::preset("u65-256")};
    const auto advice = of_kind(oracle.advise(network(true)), Advice::Kind::on_the_host);
    REQUIRE(advice.size() == 1);
    CHECK(advice[0].subject == "softmax");
    GraphBuilder net{"softmax", {{.modelled = true}}};
    net.output(net.conv2d(net.input({1, 8, 8, 16}), 64, Window::square(1)));
    CHECK(advice[0].saved ==
          oracle.estimate(network(true)).total.cycles - oracle.estimate(net.build()).total.cycles);
    CHECK(of_kind(oracle.advise(network(false)), Advice::Kind::on_the_host).empty());
}

TEST_CASE("Blocks that are faster than depthwise ones are named, with what they save") {
    Oracle oracle{Target::preset("u65-256")};
    const Graph graph = zoo("mobilenet_v1_025_96");
    const Cycles before = oracle.estimate(graph).total.cycles;
    const auto blocks = of_kind(oracle.advise(graph), Advice::Kind::other_blocks);
    for (const BlockKind kind : {BlockKind::fused, BlockKind::ghost, BlockKind::blueprint,
                                 BlockKind::grouped, BlockKind::pooling}) {
        const Cycles saved = before - oracle.estimate(substitute_blocks(graph, kind)).total.cycles;
        const auto found = std::find_if(blocks.begin(), blocks.end(), [&](const Advice& one) {
            return one.subject == to_string(kind);
        });
        CHECK((found != blocks.end()) == (saved > Cycles{0}));
        if (found != blocks.end()) CHECK(found->saved == saved);
    }
    CHECK(of_kind(oracle.advise(zoo("rnnoise")), Advice::Kind::other_blocks).empty());
}

TEST_CASE("Every spilled map has its price, and the size of SRAM that keeps it is the smallest") {
    Oracle oracle{small_sram()};
    const Graph graph = sample();
    const Report report = oracle.estimate(graph);
    REQUIRE_FALSE(report.spills.empty());
    const std::vector<Advice> advice = oracle.advise(graph);
    CHECK(of_kind(advice, Advice::Kind::keep_in_sram).size() == report.spills.size());
    const auto larger = of_kind(advice, Advice::Kind::more_sram);
    REQUIRE_FALSE(larger.empty());
    for (const Advice& one : larger) {
        CAPTURE(one.text);
        CHECK_FALSE(spills(graph, oracle.target(), one.sram, one.subject));
        CHECK(spills(graph, oracle.target(), one.sram - Bytes{16 * 1024}, one.subject));
        Target target = oracle.target();
        target.sram.size = one.sram;
        CHECK(report.total.cycles - Oracle{target}.estimate(graph).total.cycles == one.saved);
    }
}

TEST_CASE("A map moved to SRAM takes its traffic along and changes no byte of it") {
    const Target target = small_sram();
    const CompiledNetwork network = compile(sample(), target);
    REQUIRE_FALSE(network.spills.empty());
    const Simulation before = simulate(network, target);
    for (const SpilledMap& spill : network.spills) {
        CAPTURE(spill.tensor);
        const Simulation after = simulate(oracle::with_map_in_sram(network, spill), target);
        // The command stream's own length may change with the addresses in it.
        const auto bytes = [](const Simulation& run, std::size_t port) {
            return run.ports[port].read_bytes() + run.ports[port].write_bytes() -
                   run.ports[port].bytes[static_cast<std::size_t>(Channel::command)];
        };
        CHECK(bytes(after, 1) < bytes(before, 1));
        CHECK((bytes(after, 0) + bytes(after, 1)).count() ==
              (bytes(before, 0) + bytes(before, 1)).count());
    }
}

TEST_CASE("Half of the weights is half of them, drawn or modelled") {
    const Graph modelled = zoo("ds_cnn", {.modelled = true});
    const Graph drawn = zoo("ds_cnn");
    for (std::size_t i = 0; i < drawn.operators.size(); ++i) {
        const Operator& op = drawn.operators[i];
        const auto thinner = oracle::with_half_the_weights(drawn, op);
        const auto guessed = oracle::with_half_the_weights(modelled, modelled.operators[i]);
        CHECK(thinner.has_value() == guessed.has_value());
        if (!thinner) continue;
        const auto id = static_cast<std::size_t>(op.inputs[1]);
        const auto& bytes = thinner->tensors[id].data.bytes();
        const auto zeros = std::count(bytes.begin(), bytes.end(), 0);
        CHECK(zeros * 2 >= static_cast<std::ptrdiff_t>(bytes.size()) - 1);
        CHECK(guessed->tensors[id].data.model()->density == 0.5);
    }
    // A classifier of much weight and few positions waits for its weights.
    GraphBuilder net{"classifier", {{.modelled = true}}};
    net.output(net.fully_connected(net.input({1, 1024}), 1024));
    const Graph graph = net.build();
    const auto advice = Oracle{Target::preset("u65-256")}.advise(graph);
    const auto sparse = of_kind(advice, Advice::Kind::sparse_weights);
    REQUIRE(sparse.size() == 1);
    CHECK(sparse[0].saved > Cycles{0});
}

TEST_CASE("Channels between two steps of the staircase are pointed out") {
    const Graph graph = sample();
    const auto advice = Oracle{Target::preset("u65-256")}.advise(graph);
    const std::string last = graph.operators.back().name;
    for (const Advice& one : of_kind(advice, Advice::Kind::fewer_channels)) {
        CHECK(one.channels == 16);
        CHECK(one.saved > Cycles{0});
        CHECK(one.subject != last);
    }
    for (const Advice& one : of_kind(advice, Advice::Kind::unused_channels)) {
        CHECK(one.channels == 32);
        CHECK(one.text.find("-") == std::string::npos);
    }
    CHECK(oracle::free_channels(graph, graph.operators.front()) == 24);
    // As many results as the network is for.
    CHECK(oracle::free_channels(graph, graph.operators.back()) == 0);
    const Graph one = oracle::alone(graph, graph.operators.back(), 32);
    CHECK(one.operators.size() == 1);
    CHECK(one.tensors[static_cast<std::size_t>(one.outputs[0])].shape == Shape{1, 64, 64, 32});
}

namespace {

/// What one operator of `graph` alone saves with as many output channels as is advised.
Cycles saved_alone(const Graph& graph, const Target& target, const Advice& advice) {
    const auto op = std::find_if(graph.operators.begin(), graph.operators.end(),
                                 [&](const Operator& each) { return each.name == advice.subject; });
    REQUIRE(op != graph.operators.end());
    Oracle oracle{target};
    const auto with = [&](std::int32_t channels) {
        return oracle.estimate(oracle::alone(graph, *op, channels)).total.cycles;
    };
    return with(graph.tensors[static_cast<std::size_t>(op->outputs[0])].shape.back()) -
           with(advice.channels);
}

/// Cycles that the network takes once a piece of advice is followed.
Cycles followed(const Graph& graph, const Target& target, const Advice& advice) {
    Target changed = target;
    Graph network = graph;
    switch (advice.kind) {
        case Advice::Kind::more_sram:
            changed.sram.size = advice.sram;
            break;
        case Advice::Kind::better_memory: {
            const auto fields = describe_fields(target);
            const auto field = std::find_if(fields.begin(), fields.end(), [&](const auto& each) {
                return each.key == advice.subject;
            });
            REQUIRE(field != fields.end());
            const bool halved = field->key.ends_with("_latency");
            if (field->key == "memory.ideal") {
                changed.ideal_memory = true;
            } else if (field->key == "sram.size") {
                changed.sram.size = Bytes{2 * target.sram.size.count()};
            } else {
                const double times = halved ? 0.5 : 2.0;
                changed.set(field->key + "=" + std::to_string(times * std::stod(field->value)));
            }
            break;
        }
        case Advice::Kind::on_the_host:
        case Advice::Kind::sparse_weights:
            for (std::size_t i = 0; i < graph.operators.size(); ++i) {
                if (graph.operators[i].name != advice.subject) continue;
                const auto shorter = advice.kind == Advice::Kind::on_the_host
                                         ? oracle::without_last(graph, i)
                                         : oracle::with_half_the_weights(graph, graph.operators[i]);
                REQUIRE(shorter.has_value());
                network = *shorter;
            }
            break;
        case Advice::Kind::other_blocks:
            for (const BlockKind kind : {BlockKind::fused, BlockKind::ghost, BlockKind::blueprint,
                                         BlockKind::grouped, BlockKind::pooling}) {
                if (to_string(kind) == advice.subject) network = substitute_blocks(graph, kind);
            }
            REQUIRE_FALSE(network == graph);
            break;
        default:
            FAIL("no network's largest saving is of this kind: " << to_string(advice.kind));
    }
    return Oracle{changed}.estimate(network).total.cycles;
}

/// The first piece of advice, applied and simulated, changes the time by what it says.
void check_first(const Graph& graph, const Target& target) {
    Oracle oracle{target};
    const Cycles before = oracle.estimate(graph).total.cycles;
    const std::vector<Advice> advice = oracle.advise(graph);
    REQUIRE_FALSE(advice.empty());
    CAPTURE(graph.name, target.name, advice.front().text);
    CHECK(advice.front().saved > Cycles{0});
    const bool of_one_operator = advice.front().kind == Advice::Kind::fewer_channels;
    CHECK((of_one_operator
               ? saved_alone(graph, target, advice.front())
               : before - followed(graph, target, advice.front())) == advice.front().saved);
}

}  // namespace

TEST_CASE("What is advised first saves what it says, on ten networks") {
    std::size_t tried = 0;
    for (const ZooEntry& entry : zoo_list()) {
        if (entry.name == "vgg19_224") continue;  // it does not fit this target
        check_first(zoo(entry.name, {.modelled = true}), Target::preset("u65-256"));
        ++tried;
    }
    CHECK(tried == 10);
}

TEST_CASE("What is advised first saves what it says, on real networks and boards") {
    for (const auto& [file, board] :
         {std::pair{"kws_ref_model.tflite", "ra8p1"}, std::pair{"ad01_int8.tflite", "alif-e7-he"},
          std::pair{"pretrainedResnet_quant.tflite", "psoc-edge-e84"},
          std::pair{"rnnoise_INT8.tflite", "imx93"}}) {
        const auto path = test::models_folder() / file;
        if (!std::filesystem::exists(path)) return test::skip(std::string{file} + " is not there");
        check_first(read_network(path), Target::preset(board));
    }
}
