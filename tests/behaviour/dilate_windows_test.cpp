// Convolutions between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND are ones with dilations, with the
// bytes that the operators one by one have on the CPU.
#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

#include "unit/compile/networks.hpp"

using namespace u65sim;

namespace {

struct Case {
    std::int32_t size, block, before, after, cut;  ///< of both axes; `cut` behind
    bool depthwise = false;
    Padding padding = Padding::valid;
};

constexpr std::int32_t depth = 8, kernel = 3;

struct Blocked {
    test::Builder builder;
    TensorId map = no_tensor;  ///< of batches
    std::int32_t extent = 0;   ///< of its rows and columns
};

/// One convolution on a map of batches, and back.
TensorId convolved(Blocked& blocked, const Case& c) {
    test::Builder& b = blocked.builder;
    const std::int32_t batches = c.block * c.block;
    const std::int32_t taps = c.padding == Padding::valid ? kernel - 1 : 0;
    const std::int32_t made = blocked.extent - taps, whole = made * c.block - c.cut;
    const TensorId weights = b.weights(c.depthwise ? Shape{1, kernel, kernel, depth}
                                                   : Shape{depth, kernel, kernel, depth});
    const TensorId bias = b.numbers(std::vector<std::int32_t>(depth, 300));
    const TensorId sums = b.map({batches, made, made, depth}, 0.4F, 5);
    WindowAttributes window;
    window.padding = c.padding;
    b.op(c.depthwise ? OpType::depthwise_conv_2d : OpType::conv_2d, {blocked.map, weights, bias},
         sums, window);
    const TensorId result = b.map({1, whole, whole, depth}, 0.4F, 5);
    TensorId sizes = b.numbers({c.block, c.block}), edges = b.numbers({0, c.cut, 0, c.cut});
    b.graph.tensors[static_cast<std::size_t>(edges)].shape = {2, 2};
    b.op(OpType::batch_to_space_nd, {sums, sizes, edges}, result);
    return result;
}

Blocked blocked_map(const Case& c) {
    Blocked blocked;
    test::Builder& b = blocked.builder;
    blocked.extent = (c.size + c.before + c.after) / c.block;
    const TensorId in = b.input({1, c.size, c.size, depth});
    blocked.map = b.map({c.block * c.block, blocked.extent, blocked.extent, depth});
    const TensorId sizes = b.numbers({c.block, c.block});
    const TensorId edges = b.numbers({c.before, c.after, c.before, c.after});
    b.graph.tensors[static_cast<std::size_t>(edges)].shape = {2, 2};
    b.op(OpType::space_to_batch_nd, {in, sizes, edges}, blocked.map);
    return blocked;
}

/// Two convolutions that share a map, their results side by side.
Graph shared(const Case& c) {
    Blocked blocked = blocked_map(c);
    const TensorId left = convolved(blocked, c), right = convolved(blocked, c);
    test::Builder& b = blocked.builder;
    const Shape each = b.graph.tensors[static_cast<std::size_t>(left)].shape;
    const TensorId sum = b.map(each, 0.7F, -4);
    b.op(OpType::add, {left, right}, sum, ArithmeticAttributes{});
    return b.finish(sum);
}

std::size_t left_to_cpu(const Graph& graph, const Target& target,
                        const std::vector<std::string>& without = {}) {
    CompileOptions options;
    options.without = without;
    return compile(graph, target, options).cpu_operators.size();
}

}  // namespace

TEST_CASE("Convolutions on batches made of a map's blocks are windows with dilations") {
    constexpr Case cases[] = {
        {16, 2, 2, 2, 0},         // SAME of a map that the block divides
        {15, 2, 2, 3, 1},         // of one that it does not: what was added is cut again
        {16, 4, 0, 0, 0},         // VALID
        {16, 2, 2, 2, 0, true},   // of each channel
        {13, 3, 3, 5, 2, false},  // zeros between weights
    };
    for (const Case& c : cases) {
        CAPTURE(c.size, c.block, c.depthwise);
        const Graph graph = shared(c);
        for (const char* name : {"u65-256", "u55-128"}) {
            const Target target = Target::preset(name);
            CHECK(left_to_cpu(graph, target) == 0);
            CHECK(left_to_cpu(graph, target, {"fold_constants"}) == 3);
            std::vector<std::uint8_t> input(
                static_cast<std::size_t>(element_count(graph.tensors[0].shape)));
            for (std::size_t i = 0; i < input.size(); ++i) {
                input[i] = static_cast<std::uint8_t>(i * i / 5 + i);
            }
            CompileOptions apart;
            apart.without = {"fold_constants"};
            const Execution done =
                execute(compile(graph, target), target, {input}, {.check = true});
            CHECK(done.findings.empty());
            CHECK(done.outputs == execute(compile(graph, target, apart), target, {input}).outputs);
        }
    }
}

TEST_CASE("Windows that batches part stay as they are") {
    const Target target = Target::preset("u65-256");
    // Padding within each batch is no padding of the map.
    CHECK(left_to_cpu(shared({16, 2, 0, 0, 0, false, Padding::same}), target) == 3);
    // Somebody else reads the batches.
    Blocked blocked = blocked_map({16, 2, 2, 2, 0});
    const TensorId result = convolved(blocked, {16, 2, 2, 2, 0});
    Graph graph = blocked.builder.finish(result);
    CHECK(left_to_cpu(graph, target) == 0);
    graph.outputs.push_back(blocked.map);
    CHECK(left_to_cpu(graph, target) == 2);
}
