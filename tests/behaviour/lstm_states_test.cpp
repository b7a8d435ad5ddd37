// An LSTM's states survive from one inference to the next where the caller hands them on.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/network.hpp>

#include "support/environment.hpp"

using namespace u65sim;

namespace {

using Bytes8 = std::vector<std::uint8_t>;

/// The stored LSTM, time first, over `steps` steps.
Graph lstm(std::int32_t steps) {
    Graph graph = read_network(test::source_folder() /
                               "tests/data/operators/unidirectional_sequence_lstm_int8.tflite");
    Operator& op = graph.operators.at(0);
    auto& form = std::get<LstmAttributes>(op.attributes);
    for (const TensorId id : {op.inputs[0], op.outputs[0]}) {
        Shape& shape = graph.tensors[static_cast<std::size_t>(id)].shape;
        const std::int32_t batches = form.time_major ? shape[1] : shape[0];
        shape = {steps, batches, shape[2]};
    }
    form.time_major = true;
    verify(graph);
    return graph;
}

Bytes8 drawn(std::size_t size) {
    Bytes8 bytes(size);
    std::uint64_t state = 7;
    for (std::uint8_t& byte : bytes) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        byte = static_cast<std::uint8_t>(state >> 56U);
    }
    return bytes;
}

}  // namespace

TEST_CASE("Two inferences with the state between them are one over twice the steps") {
    const Target target = Target::preset("u65-256");
    const Graph half = lstm(3);
    const Graph whole = lstm(6);
    const std::size_t size = static_cast<std::size_t>(element_count(half.tensors[0].shape));
    const Bytes8 input = drawn(2 * size);
    const auto middle = input.begin() + static_cast<std::ptrdiff_t>(size);
    const Bytes8 before(input.begin(), middle);
    const Bytes8 after(middle, input.end());

    const CompiledNetwork network = compile(half, target);
    const Execution first = execute(network, target, {before});
    REQUIRE(first.states.size() == 2);
    ExecuteOptions options;
    options.states = first.states;
    const Execution second = execute(network, target, {after}, options);
    const Execution once = execute(compile(whole, target), target, {input});

    Bytes8 joined = first.outputs[0];
    joined.insert(joined.end(), second.outputs[0].begin(), second.outputs[0].end());
    CHECK(joined == once.outputs[0]);
    CHECK(second.states == once.states);
    CHECK(second.outputs != execute(network, target, {after}).outputs);
    // The output state is the last output.
    const Bytes8& state = once.states[0];
    CHECK(std::equal(state.rbegin(), state.rend(), once.outputs[0].rbegin()));

    options.states.pop_back();
    CHECK_THROWS_AS(execute(network, target, {after}, options), InvalidModel);
    options.states.assign(2, Bytes8{1});
    CHECK_THROWS_AS(execute(network, target, {after}, options), InvalidModel);
}
