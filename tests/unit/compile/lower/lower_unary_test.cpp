// Clamps, curves and slopes of one map as kernels.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

Quantization quantised(float scale, std::int64_t zero = 0) { return {{scale}, {zero}, 0}; }

stream::KernelOp only_kernel(const Graph& graph) {
    const auto kernels = test::kernels_of(compile(graph, test::target()));
    REQUIRE(kernels.size() == 1);
    return kernels[0];
}

}  // namespace

TEST_CASE("lower_unary: a clamp is the activation's limits at the result's quantisation") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 4, 4, 8}, "x", quantised(0.0625F, -28));
    net.output(net.relu6(x, {.name = "clamp", .quantization = quantised(0.0625F, -28)}));
    const auto kernel = only_kernel(net.build());
    CHECK(kernel.activation.min == -28);
    CHECK(kernel.activation.max == -28 + 96);
}

TEST_CASE(
    "lower_unary: a curve of 8 bits is a table behind the larger of an element and the least") {
    GraphBuilder net{"net"};
    net.output(net.tanh(net.input({1, 4, 4, 8}, "x"), {.name = "curve"}));
    const Graph graph = net.build();
    CHECK(test::dump_after("lower", graph) == R"(npu0
  0 curve: max x:4x4x8 -> curve:4x4x8 table 256 B
)");
    const auto kernel = only_kernel(graph);
    CHECK(kernel.broadcast.scalar);
    CHECK(kernel.ifm2_scalar == -128);
    CHECK(kernel.activation.function == 16);
}

TEST_CASE("lower_unary: TANH of 16 bits is the output unit's own") {
    GraphBuilder net{"net", {.activations = ElementType::int16}};
    net.output(net.tanh(net.input({1, 4, 4, 8}, "x", quantised(0x1p-12F)), {.name = "curve"}));
    const auto kernel = only_kernel(net.build());
    CHECK(kernel.activation.function == 3);
    CHECK(kernel.ofm_scale == stream::Scale{3, 0});
}
