// Effort quick: a network's time by rules, with an interval; and the best of many networks by it.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

#include "property/random_graphs.hpp"

using namespace u65sim;

namespace {

OracleOptions quick() {
    OracleOptions options;
    options.effort = Effort::quick;
    return options;
}

std::vector<Graph> networks() {
    std::vector<Graph> graphs;
    for (const char* name : {"mobilenet_v2_224", "ds_cnn", "resnet8", "mobilenet_v1_025_96"}) {
        graphs.push_back(zoo(name, {.modelled = true}));
    }
    for (std::uint64_t seed = 4000; seed < 4020; ++seed) {
        graphs.push_back(property::random_graph(seed));
    }
    return graphs;
}

/// A space of small networks: two widths, a kernel, and blocks with or without a sum.
Graph candidate(std::size_t index) {
    const auto pick = [&](std::size_t count) {
        const std::size_t digit = index % count;
        index /= count;
        return static_cast<std::int32_t>(digit);
    };
    GraphBuilder net{"candidate", {{.modelled = true}}};
    Value x = net.input({1, 24, 24, 3});
    x = net.conv2d(x, 8 * (1 + pick(4)), Window::square(3), {.activation = Activation::relu});
    const std::int32_t channels = 16 * (1 + pick(4));
    const std::int32_t kernel = 1 + 2 * pick(2);
    Value y = net.conv2d(x, channels, Window::square(kernel, 2));
    if (pick(2) == 1) {
        y = net.add(y, net.depthwise_conv2d(y, Window::square(3)));
    }
    net.output(net.fully_connected(net.reshape(y, {1, -1}), 10));
    return net.build();
}
constexpr std::size_t candidates = 64;

}  // namespace

TEST_CASE("A quick report does not depend on what was asked before, nor on threads") {
    const std::vector<Graph> graphs = networks();
    for (const char* name : {"u65-256", "u55-128"}) {
        Oracle oracle{Target::preset(name), quick()};
        BatchOptions two;
        two.threads = 2;
        const std::vector<Answer> together = oracle.estimate_all(graphs, two);
        for (std::size_t i = graphs.size(); i-- > 0;) {
            Oracle fresh{Target::preset(name), quick()};
            if (!together[i].report) {
                CHECK_THROWS_AS(fresh.estimate(graphs[i]), Error);
                continue;
            }
            CHECK(fresh.estimate(graphs[i]) == *together[i].report);
            CHECK(oracle.estimate(graphs[i]).to_json() == together[i].report->to_json());
        }
    }
}

TEST_CASE("A quick report has an interval around its cycles, and rows that add up to them") {
    Oracle oracle{Target::preset("u65-256"), quick()};
    for (const Graph& graph : networks()) {
        const Report report = oracle.estimate(graph);
        if (!report.runs_on_npu()) continue;
        REQUIRE(report.interval);
        const CycleInterval& interval = *report.interval;
        CHECK(interval.least <= interval.low);
        CHECK(interval.low <= report.total.cycles);
        CHECK(report.total.cycles <= interval.high);
        CHECK(interval.high <= interval.most);
        CHECK(interval.coverage >= 0.9);
        CHECK_FALSE(interval.source.empty());
        Cycles sum{0};
        for (const OperatorReport& row : report.operators) sum += row.cycles;
        CHECK(sum == report.total.cycles);
        CHECK(report.assumptions.front().starts_with("effort quick, not simulated: "));
        CHECK_THAT(report.to_text(), Catch::Contains("effort quick, not simulated"));
        CHECK_THAT(report.to_json(), Catch::Contains("\"interval\""));
    }
}

TEST_CASE("Simulated cycles of the zoo's networks lie where effort quick says") {
    for (const char* name : {"u65-256", "u65-512", "u55-128"}) {
        const Target target = Target::preset(name);
        Oracle fast{target, quick()};
        Oracle exact{target};
        for (const ZooEntry& entry : zoo_list()) {
            if (entry.name.starts_with("vgg19")) continue;
            const Graph graph = zoo(entry.name, {.modelled = true});
            std::optional<Report> simulated;
            try {
                simulated = exact.estimate(graph);
            } catch (const DoesNotFit&) {
                continue;
            }
            CHECK_FALSE(simulated->interval);
            const Report report = fast.estimate(graph);
            INFO(name << ' ' << entry.name << ": " << report.total.cycles.count() << ", simulated "
                      << simulated->total.cycles.count());
            CHECK(report.interval->least <= simulated->total.cycles);
            CHECK(simulated->total.cycles <= report.interval->most);
        }
    }
}

TEST_CASE("Copies of weights wait for room in one piece, as the compiler finds it") {
    // Its last weights, more than a megabyte from slow flash, begin to come when the SRAM has room
    // for slices of them between others.
    const Target target = Target::preset("u55-128");
    const Graph graph = zoo("mobilenet_v2_224", {.modelled = true});
    Oracle fast{target, quick()};
    Oracle exact{target};
    const auto cycles = [&](Oracle& oracle) {
        return static_cast<double>(oracle.estimate(graph).total.cycles.count());
    };
    CHECK(cycles(fast) == Approx(cycles(exact)).epsilon(0.03));
}

TEST_CASE("Effort quick makes no streams, and refuses what it has no rules for") {
    const Target target = Target::preset("u65-256");
    const Graph graph = zoo("ds_cnn", {.modelled = true});
    CHECK_THROWS_WITH(compile(graph, target, {}, Effort::quick),
                      Catch::Contains("effort quick makes no streams"));
    const auto refused = [&](OracleOptions options, const char* text) {
        CHECK_THROWS_WITH((Oracle{target, options}), Catch::Contains(text));
    };
    OracleOptions options = quick();
    options.compile.like_vela = true;
    refused(options, "like_vela with effort quick");
    options = quick();
    options.compile.optimise = Optimise::size;
    refused(options, "optimise = size with effort quick");
    options = quick();
    options.timeline = true;
    refused(options, "timeline with effort quick");
    Oracle oracle{target, quick()};
    CHECK_THROWS_WITH(oracle.estimate(export_compiled(compile(zoo("ds_cnn"), target))),
                      Catch::Contains("it is compiled"));
    CHECK_THROWS_AS(oracle.best_of({graph}), InvalidConfig);
}

TEST_CASE("The best of many networks is the one that asking for all of them finds") {
    for (const char* name : {"u65-256", "u55-128"}) {
        Oracle oracle{Target::preset(name)};
        std::vector<double> times;
        std::vector<double> scores;
        for (std::size_t i = 0; i < candidates; ++i) {
            const Report report = oracle.estimate(candidate(i));
            times.push_back(report.latency_ms());
            scores.push_back(static_cast<double>(report.model.macs.count()));
        }
        for (const unsigned threads : {1U, 3U}) {
            BestOptions options;
            options.batch.threads = threads;
            const Best fastest = oracle.best_of(candidates, candidate, options);
            const auto least = std::min_element(times.begin(), times.end());
            REQUIRE(fastest.index);
            CHECK(*fastest.index == static_cast<std::size_t>(least - times.begin()));
            CHECK(fastest.report->latency_ms() == *least);
            CHECK(fastest.quick_answers == candidates);
            CHECK(fastest.exact_answers < candidates);
            CHECK(fastest.misses == 0);

            std::vector<double> sorted = times;
            std::sort(sorted.begin(), sorted.end());
            options.scores = scores;
            options.budget_ms = sorted[candidates / 2];
            std::size_t wanted = candidates;
            for (std::size_t i = 0; i < candidates; ++i) {
                const bool better = wanted == candidates || scores[i] > scores[wanted];
                if (times[i] <= *options.budget_ms && better) wanted = i;
            }
            const Best largest = oracle.best_of(candidates, candidate, options);
            CHECK(largest.index == wanted);
            CHECK(largest.exact_answers < candidates);

            options.budget_ms = *least / 2;
            CHECK_FALSE(oracle.best_of(candidates, candidate, options).index);
        }
    }
}

TEST_CASE("A search takes as many scores as networks, and its progress can stop it") {
    Oracle oracle{Target::preset("u65-256")};
    BestOptions options;
    options.scores = {1.0, 2.0};
    CHECK_THROWS_WITH(oracle.best_of(3, candidate, options),
                      Catch::Contains("2 scores for 3 networks"));
    options.scores.clear();
    std::size_t most = 0;
    options.batch.progress = [&](std::size_t done) {
        most = std::max(most, done);
        return done < 5;
    };
    CHECK_THROWS_AS(oracle.best_of(candidates, candidate, options), Cancelled);
    CHECK(most == 5);
    const Best none = oracle.best_of(std::vector<Graph>{});
    CHECK_FALSE(none.index);
}
