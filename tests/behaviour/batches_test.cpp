// A batch of several maps stands below each other on the NPU: windows of convolutions, pools and
// means over the height are an operation for each, and the bytes those of each map alone.
#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/execute.hpp>
#include <u65sim/graph.hpp>
#include <u65sim/target.hpp>

#include "unit/compile/networks.hpp"
#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

/// Two convolutions, a depthwise one, both pools and a mean.
Graph network(std::int32_t batches) {
    test::Builder b;
    const auto map = [&](std::int32_t size, std::int32_t depth) {
        return b.map({batches, size, size, depth});
    };
    const auto layer = [&](OpType type, TensorId from, const Shape& filter, TensorId to,
                           std::int32_t stride) {
        WindowAttributes window;
        window.stride_h = window.stride_w = stride;
        const std::int32_t outputs = b.graph.tensors[static_cast<std::size_t>(to)].shape[3];
        std::vector<std::int32_t> bias(static_cast<std::size_t>(outputs));
        std::iota(bias.begin(), bias.end(), -20);
        b.op(type, {from, b.weights(filter), b.numbers(bias)}, to, window);
        return to;
    };
    const auto pool = [&](OpType type, TensorId from, TensorId to) {
        WindowAttributes window;
        window.filter_h = window.filter_w = 3;
        window.stride_h = window.stride_w = 2;
        b.op(type, {from}, to, window);
        return to;
    };
    TensorId x = b.input({batches, 20, 20, 3});
    x = layer(OpType::conv_2d, x, {8, 3, 3, 3}, map(10, 8), 2);
    x = layer(OpType::depthwise_conv_2d, x, {1, 5, 5, 8}, map(10, 8), 1);
    x = pool(OpType::max_pool_2d, x, map(5, 8));
    x = layer(OpType::conv_2d, x, {12, 1, 3, 8}, map(5, 12), 1);
    x = pool(OpType::average_pool_2d, x, map(3, 12));
    const TensorId axes = b.numbers({1, 2});
    const TensorId out = b.map({batches, 1, 1, 12});
    b.op(OpType::mean, {x, axes}, out, ReduceAttributes{true});
    return b.finish(out);
}

}  // namespace

TEST_CASE("A batch's maps have the results that each has alone") {
    constexpr std::size_t batches = 3, elements = 20 * 20 * 3;
    for (const char* name : {"u65-256", "u65-512", "u55-64"}) {
        const Target target = Target::preset(name);
        const CompiledNetwork together = compile(network(batches), target);
        CHECK(together.cpu_operators.empty());
        std::vector<std::uint8_t> input(batches * elements);
        for (std::size_t i = 0; i < input.size(); ++i) {
            input[i] = static_cast<std::uint8_t>(i * i / 7 + i);
        }
        const Execution done = execute(together, target, {input}, {.check = true});
        CHECK(done.findings.empty());
        std::vector<std::uint8_t> wanted;
        const CompiledNetwork one = compile(network(1), target);
        for (std::size_t i = 0; i < batches; ++i) {
            const auto begin = input.begin() + static_cast<std::ptrdiff_t>(i * elements);
            const std::vector<std::uint8_t> map(begin, begin + elements);
            const Execution alone = execute(one, target, {map}, {.check = true});
            wanted.insert(wanted.end(), alone.outputs[0].begin(), alone.outputs[0].end());
        }
        CHECK(done.outputs[0] == wanted);
    }
}

TEST_CASE("A window of one row is one operation for the whole batch") {
    // Five operations for each of three maps, and the 1x3 convolution.
    CHECK(test::kernels_of(compile(network(3), Target::preset("u65-256"))).size() == 16);
}
