// A CONV_2D of as many groups as channels, as TensorFlow writes a depthwise layer of
// Conv2D(groups), is one depthwise operation with the bytes of a convolution for each group.
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

constexpr std::int32_t channels = 12;

Graph grouped(std::int32_t filters, std::int32_t kernel, std::int32_t stride) {
    test::Builder b;
    const std::int32_t size = 12;
    const TensorId in = b.input({1, size, size, channels});
    const TensorId weights = b.weights({filters, kernel, kernel, 1});
    std::vector<std::int32_t> values(static_cast<std::size_t>(filters));
    std::iota(values.begin(), values.end(), -200);
    const TensorId bias = b.numbers(values);
    const TensorId out = b.map({1, size / stride, size / stride, filters}, 0.3F, 4);
    WindowAttributes window;
    window.stride_h = window.stride_w = stride;
    window.padding = Padding::same;
    b.op(OpType::conv_2d, {in, weights, bias}, out, window);
    return b.finish(out);
}

}  // namespace

TEST_CASE("A filter for each channel is one depthwise operation, whatever the operator's name") {
    CompileOptions by_groups;
    by_groups.like_vela = true;
    for (const char* name : {"u65-512", "u55-64"}) {
        const Target target = Target::preset(name);
        for (const auto& [kernel, stride] : {std::pair{3, 1}, std::pair{5, 2}}) {
            const Graph graph = grouped(channels, kernel, stride);
            const CompiledNetwork network = compile(graph, target);
            const auto kernels = test::kernels_of(network);
            REQUIRE(kernels.size() == 1);
            CHECK(kernels[0].kind == stream::KernelKind::depthwise);
            std::vector<std::uint8_t> input(
                static_cast<std::size_t>(element_count(graph.tensors[0].shape)));
            std::iota(input.begin(), input.end(), std::uint8_t{0});
            const Execution done = execute(network, target, {input}, {.check = true});
            CHECK(done.findings.empty());
            CHECK(done.outputs ==
                  execute(compile(graph, target, by_groups), target, {input}).outputs);
        }
        // Two filters a channel are groups.
        const auto groups = test::kernels_of(compile(grouped(2 * channels, 3, 1), target));
        CHECK(groups[0].kind == stream::KernelKind::conv);
    }
}
