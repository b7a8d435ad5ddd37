// Sums, products, clamps and curves as kernels, with the scales the output unit gets.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "arith/scaling.hpp"
#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

using stream::ElementwiseMode;
using stream::OperandScaling;

Quantization quantised(float scale, std::int64_t zero = 0) { return {{scale}, {zero}, 0}; }

stream::KernelOp only_kernel(const Graph& graph) {
    const auto kernels = test::kernels_of(compile(graph, test::target()));
    REQUIRE(kernels.size() == 1);
    return kernels[0];
}

Graph sum(float a, float b, float out) {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 4, 4, 8}, "a", quantised(a));
    const Value y = net.input({1, 4, 4, 8}, "b", quantised(b));
    net.output(net.add(x, y, {.name = "sum", .quantization = quantised(out)}));
    return net.build();
}

stream::Scale scale_of(double value) {
    const auto m = arith::quantise(value);
    return {m.multiplier, m.shift};
}

}  // namespace

TEST_CASE(
    "lower_elementwise: of unequal scales the smaller operand is brought to twice the larger") {
    const auto a_smaller = only_kernel(sum(0.25F, 0.5F, 1.0F));
    CHECK(a_smaller.elementwise_mode == ElementwiseMode::add);
    CHECK(a_smaller.operand_scaling == OperandScaling::a32);
    CHECK(a_smaller.opa_scale == scale_of(0.25 * 1048576 / (2 * 0.5)));
    CHECK(a_smaller.ofm_scale == scale_of(2 * 0.5 / (1.0 * 1048576)));
    const auto b_smaller = only_kernel(sum(0.5F, 0.25F, 1.0F));
    CHECK(b_smaller.operand_scaling == OperandScaling::b32);
    CHECK(b_smaller.opa_scale == a_smaller.opa_scale);
    CHECK(b_smaller.ofm_scale == a_smaller.ofm_scale);
}

TEST_CASE("lower_elementwise: equal scales are kept where the multiplier stays exact") {
    const auto kernel = only_kernel(sum(0.5F, 0.5F, 1.0F));
    CHECK(kernel.operand_scaling == OperandScaling::both16);
    CHECK(kernel.opa_scale == stream::Scale{1U << 15, 0});
    CHECK(kernel.opb_scale == stream::Scale{1U << 15, 0});
    CHECK(kernel.ofm_scale == scale_of(2 * 0.5 / (1.0 * 65536)));
}

TEST_CASE("lower_elementwise: a product has one scale, that of both operands over the result's") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 4, 4, 8}, "a", quantised(0.25F));
    const Value y = net.input({1, 4, 4, 8}, "b", quantised(0.5F));
    net.output(net.mul(x, y, {.name = "product", .quantization = quantised(0.0625F)}));
    const auto kernel = only_kernel(net.build());
    CHECK(kernel.elementwise_mode == ElementwiseMode::mul);
    CHECK(kernel.ofm_scale == scale_of(0.25 * 0.5 / 0.0625));
}

TEST_CASE("lower_elementwise: the smaller operand comes second, and is repeated") {
    GraphBuilder net{"net"};
    const Value small = net.input({1, 1, 1, 8}, "small", quantised(0.5F));
    const Value large = net.input({1, 4, 4, 8}, "large", quantised(0.5F));
    net.output(net.sub(small, large, {.name = "difference", .quantization = quantised(1.0F)}));
    const Graph graph = net.build();
    CHECK(test::dump_after("lower", graph) == R"(npu0
  0 difference: sub large:4x4x8 -> difference:4x4x8 with small:1x1x8
)");
    const auto kernel = only_kernel(graph);
    CHECK(kernel.broadcast.swap_operands);
    CHECK(kernel.broadcast.height);
    CHECK(kernel.broadcast.width);
    CHECK_FALSE(kernel.broadcast.depth);
}

TEST_CASE("lower_elementwise: one constant element is a register") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 4, 4, 8}, "x", quantised(0.5F));
    net.output(net.add(x, net.constant({1}, {2.0}), {.name = "sum"}));
    const auto kernel = only_kernel(net.build());
    CHECK(kernel.broadcast.scalar);
    // 2.0 is the whole range of its own quantisation.
    CHECK(kernel.ifm2_scalar == 127);
}

TEST_CASE("lower_elementwise: a clamp is the activation's limits at the result's quantisation") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 4, 4, 8}, "x", quantised(0.0625F, -28));
    net.output(net.relu6(x, {.name = "clamp", .quantization = quantised(0.0625F, -28)}));
    const auto kernel = only_kernel(net.build());
    CHECK(kernel.activation.min == -28);
    CHECK(kernel.activation.max == -28 + 96);
}

TEST_CASE("lower_elementwise: a curve of 8 bits is a table behind an addition of nothing") {
    GraphBuilder net{"net"};
    net.output(net.tanh(net.input({1, 4, 4, 8}, "x"), {.name = "curve"}));
    const Graph graph = net.build();
    CHECK(test::dump_after("lower", graph) == R"(npu0
  0 curve: add x:4x4x8 -> curve:4x4x8 table 256 B
)");
    const auto kernel = only_kernel(graph);
    CHECK(kernel.broadcast.scalar);
    CHECK(kernel.ifm2_scalar == 0);
    CHECK(kernel.activation.function == 16);
}

TEST_CASE("lower_elementwise: TANH of 16 bits is the output unit's own") {
    GraphBuilder net{"net", {.activations = ElementType::int16}};
    net.output(net.tanh(net.input({1, 4, 4, 8}, "x", quantised(0x1p-12F)), {.name = "curve"}));
    const auto kernel = only_kernel(net.build());
    CHECK(kernel.activation.function == 3);
    CHECK(kernel.ofm_scale == stream::Scale{3, 0});
}

TEST_CASE("lower_elementwise: PRELU sums its parts above and below zero") {
    GraphBuilder net{"net"};
    net.output(net.prelu(net.input({1, 4, 4, 8}, "x"), {.name = "prelu"}));
    CHECK(test::dump_after("lower", net.build()) == R"(npu0
  0 prelu/rescale: average_pool x:4x4x8 -> prelu/positive:4x4x8
  1 prelu/minimum: min x:4x4x8 -> prelu/below:4x4x8
  2 prelu/product: mul prelu/below:4x4x8 -> prelu/negative:4x4x8 with prelu/alpha:1x1x8
  3 prelu/sum: add prelu/positive:4x4x8 -> prelu:4x4x8 with prelu/negative:4x4x8
)");
}

TEST_CASE("lower_elementwise: SQUARED_DIFFERENCE widens, subtracts and squares") {
    test::Builder b;
    const TensorId x = b.input({1, 4, 4, 8}), y = b.input({1, 4, 4, 8});
    CHECK(test::dump_after("lower", b.finish([&] {
              const TensorId out = b.map({1, 4, 4, 8});
              b.op(OpType::squared_difference, {x, y}, out);
              return out;
          }())) == R"(npu0
  0 op0/a<<7: average_pool map0:4x4x8 -> op0/a<<7:4x4x8
  1 op0/a: average_pool op0/a<<7:4x4x8 -> op0/a:4x4x8
  2 op0/b<<7: average_pool map1:4x4x8 -> op0/b<<7:4x4x8
  3 op0/b: average_pool op0/b<<7:4x4x8 -> op0/b:4x4x8
  4 op0/difference: sub op0/a:4x4x8 -> op0/difference:4x4x8 with op0/b:4x4x8
  5 op0: mul op0/difference:4x4x8 -> map2:4x4x8 with op0/difference:4x4x8
)");
}
