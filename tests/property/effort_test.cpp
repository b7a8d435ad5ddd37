// Effort high: the machine decides between many plans.
#include <algorithm>
#include <optional>

#include <catch2/catch.hpp>
#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

#include "property/networks.hpp"
#include "property/random_graphs.hpp"

using namespace u65sim;

namespace {

Target with_sram(std::int64_t kib) {
    Target target = Target::preset("u65-256");
    target.sram.size = Bytes{kib * 1024};
    return target;
}

SimulateOptions direct() {
    SimulateOptions options;
    options.backend = SimulationBackend::direct;
    return options;
}

/// Nothing where the network does not fit.
std::optional<Cycles> cycles_of(const Graph& graph, const Target& target, bool searched) {
    try {
        CompileOptions options;
        options.threads = 2;
        const CompiledNetwork network =
            compile(graph, target, options, searched ? Effort::high : Effort::normal);
        return simulate(network, target, direct()).total;
    } catch (const DoesNotFit&) {
        return std::nullopt;
    }
}

/// With effort high, from each planned size to all that are larger, and that this is never above
/// effort normal's. The plan for a size between them is not tried for a larger one.
void never_grows(const Graph& graph) {
    std::optional<Cycles> before;  // at the planned size below
    for (const std::int64_t kib : {64, 100, 128, 192, 256, 300, 320, 384, 450, 512, 1024}) {
        CAPTURE(graph.name, kib);
        const auto high = cycles_of(graph, with_sram(kib), true);
        const auto normal = cycles_of(graph, with_sram(kib), false);
        if (before) {
            REQUIRE(high);
            CHECK(*high <= *before);
        }
        CHECK((high || !normal));
        if (high && normal) CHECK(*high <= *normal);
        if (planned_sizes(with_sram(kib)).back() == Bytes{kib * 1024}) before = high;
    }
}

/// With effort normal predictions decide where they are not close, and are wrong by this part.
constexpr double wrong_by = 0.03;

void hardly_grows(const Graph& graph) {
    std::optional<Cycles> least;
    for (const std::int64_t kib : {128, 150, 192, 256, 300, 384, 450, 512, 600, 768, 1024, 1500}) {
        CAPTURE(graph.name, kib);
        const auto cycles = cycles_of(graph, with_sram(kib), false);
        if (least) {
            REQUIRE(cycles);
            CHECK(static_cast<double>(cycles->count()) <=
                  (1 + wrong_by) * static_cast<double>(least->count()));
        }
        if (cycles && (!least || *cycles < *least)) least = cycles;
    }
}

/// Residuals and maps larger than a small SRAM.
Graph residual() {
    GraphBuilder net("residual");
    Value x = net.input({1, 48, 48, 16});
    for (int i = 0; i < 3; ++i) {
        Value y = net.conv2d(x, 48, Window::square(1), {.activation = Activation::relu6});
        y = net.depthwise_conv2d(y, Window::square(3), {.activation = Activation::relu6});
        x = net.add(x, net.conv2d(y, 16, Window::square(1)));
    }
    net.output(net.conv2d(x, 64, Window::square(3, 2)));
    return net.build();
}

}  // namespace

TEST_CASE("With effort high cycles never grow with the SRAM, nor are they above effort normal's") {
    for (const ZooEntry& entry : zoo_list()) {
        // The large ones are compared by tests/peers/compare_vela.py.
        if (entry.name.starts_with("vgg19") || entry.name.starts_with("resnet50")) continue;
        never_grows(zoo(entry.name, {.modelled = true}));
    }
    for (std::uint64_t seed = 0; seed < property::random_graph_count(12); ++seed) {
        never_grows(property::random_graph(seed));
    }
}

TEST_CASE("With effort normal cycles grow with the SRAM by no more than predictions are wrong") {
    for (const ZooEntry& entry : zoo_list()) {
        if (entry.name.starts_with("vgg19") || entry.name.starts_with("resnet50")) continue;
        hardly_grows(zoo(entry.name, {.modelled = true}));
    }
    for (std::uint64_t seed = 0; seed < property::random_graph_count(60); ++seed) {
        hardly_grows(property::random_graph(seed));
    }
}

TEST_CASE("With effort normal the machine decides between plans that are close") {
    int asked = 0;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        const Graph graph = property::random_graph(seed);
        const Target target = with_sram(384);
        const CompiledNetwork predicted = compile(graph, target);
        const CompiledNetwork settled = compile(graph, target, {}, Effort::normal);
        CAPTURE(seed);
        const Cycles cycles = simulate(settled, target, direct()).total;
        CHECK(cycles <= simulate(predicted, target, direct()).total);
        Oracle oracle{target};
        CHECK(oracle.estimate(graph).total.cycles == cycles);
        OracleOptions traced;
        traced.timeline = true;
        CHECK(Oracle(target, traced).estimate(graph).total.cycles == cycles);
        if (settled.segments == predicted.segments) continue;
        ++asked;
        CHECK(cycles < simulate(predicted, target, direct()).total);
        CompileOptions dump;
        dump.dump_after = "emit";
        CHECK(compile(graph, target, dump, Effort::normal).pass_dump !=
              compile(graph, target, dump).pass_dump);
    }
    CHECK(asked > 0);
}

TEST_CASE("With effort high a network computes the same, and the checker finds nothing") {
    const Graph graph = residual();
    std::vector<std::uint8_t> image(48 * 48 * 16);
    for (std::size_t i = 0; i < image.size(); ++i) {
        image[i] = static_cast<std::uint8_t>(i * i / 89 + i);
    }
    ExecuteOptions checked;
    checked.check = true;
    for (const std::int64_t kib : {96, 384}) {
        const Target target = with_sram(kib);
        const Execution expected = execute(compile(graph, target), target, {image}, checked);
        const Execution got = execute(compile_fastest(graph, target), target, {image}, checked);
        CHECK(got.findings.empty());
        CHECK(got.outputs == expected.outputs);
    }
}

TEST_CASE("The plan that is kept does not depend on the number of threads") {
    const Graph graph = residual();
    CompileOptions several;
    several.threads = 3;
    const CompiledNetwork alone = compile_fastest(graph, with_sram(128));
    CHECK(compile_fastest(graph, with_sram(128), several).segments == alone.segments);
}

TEST_CASE("Effort high refuses what effort normal refuses, and dumps") {
    CompileOptions dump;
    dump.dump_after = "place";
    CHECK_THROWS_WITH(compile_fastest(residual(), with_sram(384), dump),
                      Catch::Contains("dump_after = place"));
    CompileOptions like_vela;
    like_vela.like_vela = true;
    CHECK_THROWS_WITH(compile_fastest(residual(), with_sram(384), like_vela),
                      Catch::Contains("like_vela with effort high"));
    CompileOptions wrong;
    wrong.without = {"lower"};
    CHECK_THROWS_AS(compile_fastest(residual(), with_sram(384), wrong), InvalidConfig);
    Target tiny = with_sram(384);
    tiny.off_chip.size = Bytes{1024};
    CHECK_THROWS_AS(compile_fastest(residual(), tiny), DoesNotFit);
}

TEST_CASE("Plans are made for sizes of a list up to the target's") {
    const auto sizes = planned_sizes(with_sram(300));
    CHECK(sizes.back() == Bytes{256 * 1024});
    CHECK(std::is_sorted(sizes.begin(), sizes.end()));
    CHECK(planned_sizes(with_sram(32)).empty());
    CHECK(planned_sizes(with_sram(8192)).back() == Bytes{8192 * 1024});
}

TEST_CASE("An oracle asked with effort high answers what the search finds") {
    OracleOptions options;
    options.effort = Effort::high;
    Oracle oracle{with_sram(128), options};
    const Graph graph = residual();
    CHECK(oracle.estimate(graph).total.cycles == *cycles_of(graph, with_sram(128), true));
}
