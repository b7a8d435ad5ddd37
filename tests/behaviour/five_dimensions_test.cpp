// Channel shuffles and repeated rows and columns, which converters write with five dimensions, run
// on the NPU and put every byte where it belongs.
#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

#include "unit/compile/networks.hpp"

using namespace u65sim;

namespace {

constexpr std::int32_t height = 5, width = 7, depth = 24;

struct Chain {
    test::Builder builder;
    TensorId last = builder.input({1, height, width, depth});

    void add(OpType type, const Shape& to, const std::vector<std::int32_t>& numbers,
             Attributes attributes = {}) {
        std::vector<TensorId> inputs{last};
        inputs.push_back(builder.numbers(numbers));
        last = builder.map(to);
        builder.op(type, inputs, last, std::move(attributes));
    }
    void reshape(const Shape& to) {
        add(OpType::reshape, to, {to.begin(), to.end()}, ReshapeAttributes{to});
    }
};

/// Executes on both kinds of NPU; `source` says which input element is behind one of the output.
void check_moves(Chain chain, const std::function<int(int, int, int)>& source) {
    const Graph graph = chain.builder.finish(chain.last);
    const Shape& out = graph.tensors[static_cast<std::size_t>(graph.outputs[0])].shape;
    std::vector<std::uint8_t> input(static_cast<std::size_t>(height * width * depth));
    std::iota(input.begin(), input.end(), std::uint8_t{0});
    std::vector<std::uint8_t> wanted;
    for (int y = 0; y < out[1]; ++y) {
        for (int x = 0; x < out[2]; ++x) {
            for (int c = 0; c < out[3]; ++c) {
                wanted.push_back(input[static_cast<std::size_t>(source(y, x, c))]);
            }
        }
    }
    for (const char* name : {"u65-512", "u55-128"}) {
        const Target target = Target::preset(name);
        const CompiledNetwork network = compile(graph, target);
        CHECK(network.cpu_operators.empty());
        const Execution done = execute(network, target, {input}, {.check = true});
        CHECK(done.outputs == std::vector<std::vector<std::uint8_t>>{wanted});
        CHECK(done.findings.empty());
    }
}

int at(int y, int x, int c) { return (y * width + x) * depth + c; }

}  // namespace

TEST_CASE("A channel shuffle of five dimensions runs on the NPU") {
    Chain chain;
    chain.reshape({1, height, width, 2, depth / 2});
    chain.add(OpType::transpose, {1, height, width, depth / 2, 2}, {0, 1, 2, 4, 3});
    chain.reshape({1, height, width, depth});
    check_moves(chain, [](int y, int x, int c) { return at(y, x, c % 2 * (depth / 2) + c / 2); });
}

TEST_CASE("Rows and columns repeated by TILEs of five dimensions are made on the NPU") {
    constexpr std::int32_t rows = 3, columns = 2;
    Chain chain;
    chain.reshape({1, height, 1, width, depth});
    chain.add(OpType::tile, {1, height, rows, width, depth}, {1, 1, rows, 1, 1});
    chain.reshape({1, rows * height, width, 1, depth});
    chain.add(OpType::tile, {1, rows * height, width, columns, depth}, {1, 1, 1, columns, 1});
    chain.reshape({1, rows * height, columns * width, depth});
    check_moves(chain, [](int y, int x, int c) { return at(y / rows, x / columns, c); });
}

TEST_CASE("Windows of attention are cut out by a copy for each row of windows") {
    constexpr std::int32_t rows = 4, columns = 3;  // of a window
    constexpr std::int32_t down = 2, right = 7;    // windows
    static_assert(rows * columns * down * right * 5 == height * width * depth);
    Chain chain;
    chain.reshape({down, rows, right, columns, 5});
    chain.add(OpType::transpose, {down, right, rows, columns, 5}, {0, 2, 1, 3, 4});
    chain.reshape({1, down * right, rows * columns, 5});
    check_moves(chain, [](int window, int place, int c) {
        const int y = window / right * rows + place / columns;
        const int x = window % right * columns + place % columns;
        return (y * right * columns + x) * 5 + c;
    });
}
