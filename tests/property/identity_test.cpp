// The same in, the same out, to the byte; and streams that survive a round trip.
#include <catch2/catch.hpp>
#include <thread>

#include <u65sim/network.hpp>
#include <u65sim/oracle.hpp>
#include <u65sim/zoo.hpp>

#include "property/networks.hpp"
#include "stream/operation.hpp"

using namespace u65sim;

TEST_CASE("Two runs give the same bytes, whatever ran between them") {
    for (const std::string& name : property::names()) {
        const auto& run = property::run(name);
        const CompiledNetwork again = property::lower(run.graph, run.target);
        const Simulation simulation = simulate(again, run.target);
        CAPTURE(name);
        CHECK(again == run.network);
        CHECK(simulation == run.simulation);
        CHECK(make_report(again, run.target, simulation).to_json() ==
              make_report(run.network, run.target, run.simulation).to_json());
    }
}

TEST_CASE("A stream decoded and encoded again is the same stream") {
    for (const std::string& name : property::source_names()) {
        for (const NpuSegment& segment : property::run(name).network.segments) {
            std::vector<stream::Action> actions;
            for (const stream::Command& command :
                 stream::decode(segment.stream.words, segment.stream.accelerator)) {
                actions.push_back(command.action);
            }
            CAPTURE(name, segment.name);
            CHECK(stream::encode(actions, segment.stream.accelerator) == segment.stream.words);
        }
    }
}

TEST_CASE("A stream survives its text and its payload") {
    for (const std::string& name : property::names()) {
        for (const NpuSegment& segment : property::run(name).network.segments) {
            CAPTURE(name, segment.name);
            const CommandStream text = assemble(disassemble(segment.stream));
            CHECK(text.words == segment.stream.words);
            const CommandStream payload = parse_payload(make_payload(segment.stream));
            CHECK(payload.words == segment.stream.words);
        }
    }
}

TEST_CASE("A compiled file runs like the network it was made from") {
    for (const std::string& name : property::source_names()) {
        const auto& run = property::run(name);
        if (run.network.segments.empty()) continue;
        const Graph exported = export_compiled(run.network);
        const Graph read = read_tflite(write_tflite(exported), "exported");
        REQUIRE(is_compiled(read));
        const CompiledNetwork imported = import_compiled(read, run.target);
        const Simulation simulation = simulate(imported, run.target);
        CAPTURE(name);
        CHECK(simulation.total == run.simulation.total);
        CHECK(simulation.ports == run.simulation.ports);
        CHECK(simulation.causes == run.simulation.causes);
    }
}

TEST_CASE("An oracle answers from several threads as from one") {
    Oracle oracle{Target::preset("u65-256")};
    const Graph first = zoo("rnnoise");
    const Graph second = zoo("ds_cnn");
    const std::string expected_first = Oracle{oracle.target()}.estimate(first).to_json();
    const std::string expected_second = Oracle{oracle.target()}.estimate(second).to_json();
    std::array<std::string, 8> answers;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        threads.emplace_back([&, i] {
            Oracle copy = oracle;
            answers[i] = copy.estimate(i % 2 == 0 ? first : second).to_json();
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < answers.size(); ++i) {
        CHECK(answers[i] == (i % 2 == 0 ? expected_first : expected_second));
    }
}

TEST_CASE("An oracle that was asked before gives the same report") {
    Oracle oracle{Target::preset("u65-256")};
    const Graph network = zoo("rnnoise");
    const Report first = oracle.estimate(network);
    CHECK(oracle.estimate(network) == first);
    Graph other = network;
    other.name = "another name";
    CHECK(oracle.estimate(other).model.name == "another name");
}
