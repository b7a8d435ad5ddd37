// An oracle gives one answer to a question, however and in whatever company it is asked.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

#include <u65sim/error.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/network.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

#include "property/random_graphs.hpp"
#include "support/temporary_folder.hpp"

using namespace u65sim;

namespace {

Target target() { return Target::preset("u65-256"); }

OracleOptions with(unsigned workers, Bytes memory = OracleOptions{}.memory) {
    OracleOptions options;
    options.workers = workers;
    options.memory = memory;
    return options;
}

const std::vector<Graph>& questions() {
    static const std::vector<Graph> graphs = [] {
        std::vector<Graph> result;
        for (std::uint64_t seed = 2000; seed < 2040; ++seed) {
            result.push_back(property::random_graph(seed));
        }
        return result;
    }();
    return graphs;
}

/// The answers of oracles that were never asked anything else.
const std::vector<std::string>& answers() {
    static const std::vector<std::string> texts = [] {
        std::vector<std::string> result;
        for (const Graph& graph : questions()) {
            result.push_back(Oracle{target()}.estimate(graph).to_json());
        }
        return result;
    }();
    return texts;
}

/// A thousand questions, each one 25 times, in no order.
std::vector<std::size_t> shuffled() {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < 1000; ++i) order.push_back(i % questions().size());
    std::mt19937 random{7};
    for (std::size_t i = order.size(); i-- > 1;) std::swap(order[i], order[random() % (i + 1)]);
    return order;
}

void check_thousand(Oracle oracle, unsigned threads) {
    const std::vector<std::size_t> order = shuffled();
    std::vector<Graph> graphs;
    for (const std::size_t index : order) graphs.push_back(questions()[index]);
    BatchOptions options;
    options.threads = threads;
    const std::vector<Answer> given = oracle.estimate_all(graphs, options);
    REQUIRE(given.size() == order.size());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        wrong += given[i].report && given[i].get().to_json() == answers()[order[i]] ? 0 : 1;
    }
    CHECK(wrong == 0);
    const OracleStatistics statistics = oracle.statistics();
    CHECK(statistics.queries == 1000);
    CHECK(statistics.hits + statistics.misses == 1000);
    CHECK(statistics.errors == 0);
}

Graph too_large() {
    GraphBuilder net{"large", {{.modelled = true}}};
    Value x = net.input({1, 8, 8, 64});
    for (int i = 0; i < 8; ++i) x = net.conv2d(x, 4096, Window::square(3));
    net.output(x);
    return net.build();
}

/// Networks of ten layers, each with one layer another than in the first of them.
std::vector<Graph> neighbours() {
    std::vector<Graph> graphs;
    for (std::size_t changed = 0; changed <= 10; ++changed) {
        GraphBuilder net{"neighbour" + std::to_string(changed), {{.modelled = true}}};
        Value x = net.input({1, 96, 96, 8});
        for (std::size_t layer = 1; layer <= 10; ++layer) {
            const std::int32_t channels = 24 + (layer == changed ? 16 : 0);
            x = layer % 3 == 0 ? net.depthwise_conv2d(x, Window::square(3))
                               : net.conv2d(x, channels, Window::square(layer % 2 == 0 ? 1 : 3));
        }
        net.output(x);
        graphs.push_back(net.build());
    }
    return graphs;
}

}  // namespace

TEST_CASE("What earlier networks leave behind changes no answer, and is counted") {
    const std::vector<Graph> graphs = neighbours();
    // Each network once without the others before it, as far as this oracle goes, and once
    // behind all of them.
    OracleOptions no_answers = with(0, Bytes{0});
    no_answers.cache.emplace();
    Oracle oracle{target(), no_answers};
    BatchOptions options;
    options.threads = 1;
    const std::vector<Answer> first = oracle.estimate_all(graphs, options);
    const OracleStatistics before = oracle.statistics();
    const std::vector<Answer> again =
        oracle.estimate_all({graphs.rbegin(), graphs.rend()}, options);
    const OracleStatistics after = oracle.statistics();
    for (std::size_t i = 0; i < graphs.size(); ++i) {
        CHECK(again[graphs.size() - 1 - i].get() == first[i].get());
    }
    CHECK(after.hits == 0);
    CHECK(before.kernel_hits < before.kernel_lookups);
    CHECK(before.kernel_hits > 0);
    CHECK(before.weight_slice_hits > 0);
    // The first network inserts no segments.
    CHECK(before.segment_lookups > 0);
    CHECK(after.segment_lookups > 2 * before.segment_lookups);
    CHECK(after.segment_hits - before.segment_hits >= before.segment_lookups);
    CHECK(after.kernel_lookups == 2 * before.kernel_lookups);
    CHECK(after.kernel_hits - before.kernel_hits == before.kernel_lookups);
    CHECK(after.weight_slice_lookups == 2 * before.weight_slice_lookups);
    CHECK(after.weight_slice_hits - before.weight_slice_hits == before.weight_slice_lookups);
}

TEST_CASE("A thousand shuffled queries: one, two and four threads") {
    check_thousand(Oracle{target(), with(0)}, 1);
    check_thousand(Oracle{target(), with(0)}, 4);
    check_thousand(Oracle{target(), with(2)}, 0);
}

TEST_CASE("Errors in between leave an oracle healthy") {
    Graph broken = questions()[0];
    broken.operators[0].inputs[0] = 9999;
    for (const unsigned workers : {0U, 2U}) {
        OracleOptions options = with(workers, Bytes{0});
        Oracle oracle{target(), options};
        const std::vector<Answer> given = oracle.estimate_all(
            {questions()[1], broken, questions()[2], too_large(), questions()[3]});
        CHECK(given[0].get().to_json() == answers()[1]);
        CHECK_THROWS_AS(given[1].get(), InvalidModel);
        CHECK(given[2].get().to_json() == answers()[2]);
        CHECK_THROWS_AS(given[3].get(), DoesNotFit);
        CHECK(given[4].get().to_json() == answers()[3]);
        CHECK(oracle.statistics().errors == 2);
        CHECK(oracle.estimate(questions()[4]).to_json() == answers()[4]);
    }
    OracleOptions hurried = with(0);
    hurried.cycle_limit = Cycles{500};
    for (const SimulationBackend backend :
         {SimulationBackend::direct, SimulationBackend::systemc}) {
        hurried.backend = backend;
        CHECK_THROWS_AS((Oracle{target(), hurried}.estimate(zoo("ds_cnn"))), SimulationStuck);
        hurried.cycle_limit = OracleOptions{}.cycle_limit;
        CHECK(Oracle{target(), hurried}.estimate(questions()[0]).to_json() == answers()[0]);
        hurried.cycle_limit = Cycles{500};
    }
}

TEST_CASE("A batch can be cut short") {
    Oracle oracle{target()};
    BatchOptions options;
    options.threads = 2;
    options.progress = [](std::size_t done) { return done < 5; };
    const std::vector<Answer> given = oracle.estimate_all(questions(), options);
    const auto unasked = std::count_if(given.begin(), given.end(),
                                       [](const Answer& answer) { return !answer.report; });
    CHECK(unasked >= static_cast<std::ptrdiff_t>(questions().size()) - 7);
    CHECK_THROWS_AS(given.back().get(), Cancelled);
    options.progress = [](std::size_t) -> bool { throw std::runtime_error("enough"); };
    CHECK_THROWS_WITH(oracle.estimate_all(questions(), options), "enough");
    CHECK(oracle.estimate_all({}).empty());
}

TEST_CASE("Memory stays within its bound, and nothing is kept without any") {
    OracleOptions small = with(0, Bytes{100'000});
    Oracle oracle{target(), small};
    for (const Graph& graph : questions()) oracle.estimate(graph);
    const OracleStatistics statistics = oracle.statistics();
    CHECK(statistics.answer_bytes <= Bytes{100'000});
    CHECK(statistics.answers > 0);
    CHECK(statistics.answers < questions().size());
    Oracle forgetful{target(), with(0, Bytes{0})};
    forgetful.estimate(questions()[0]);
    forgetful.estimate(questions()[0]);
    CHECK(forgetful.statistics().hits == 0);
    CHECK(forgetful.statistics().answers == 0);
    CHECK(forgetful.statistics().kernel_hits == 0);
    CHECK_THROWS_AS((Oracle{target(), with(0, Bytes{-1})}), InvalidConfig);
}

TEST_CASE("Oracles share what compiling left when they are given one cache, and else do not") {
    OracleOptions options = with(0);
    Oracle alone{target(), options};
    options.cache.emplace();
    Oracle first{target(), options};
    Oracle second{target(), options};
    const Report report = first.estimate(questions()[0]);
    CHECK(second.estimate(questions()[0]) == report);
    CHECK(alone.estimate(questions()[0]) == report);
    CHECK(first.statistics().kernel_hits == 0);
    CHECK(alone.statistics().kernel_hits == 0);
    CHECK(second.statistics().kernel_lookups == first.statistics().kernel_lookups);
    CHECK(second.statistics().kernel_hits == second.statistics().kernel_lookups);
    CHECK(second.statistics().weight_slice_hits == second.statistics().weight_slice_lookups);
    CHECK(second.statistics().hits == 0);
}

TEST_CASE("A file that changed is read again, one that did not is not") {
    namespace fs = std::filesystem;
    const test::TemporaryFolder folder;
    const fs::path file = folder.path() / "net.tflite";
    save_tflite(zoo("rnnoise"), file);
    // As if it had been there for a while.
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::minutes(5));
    Oracle oracle{target()};
    const Report first = oracle.estimate(file);
    CHECK(oracle.statistics().unchanged_files == 0);
    CHECK(oracle.estimate(file) == first);
    CHECK(oracle.statistics().unchanged_files == 1);
    save_tflite(zoo("ds_cnn"), file);
    CHECK(oracle.estimate(file).total.cycles != first.total.cycles);
    CHECK(oracle.statistics().unchanged_files == 1);
    fs::remove(file);
    CHECK_THROWS_AS(oracle.estimate(file), FileError);
}
