// Sums, products and differences as kernels, with the scales that the output unit gets.
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

TEST_CASE("lower_binary: of unequal scales the smaller operand is brought to twice the larger") {
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

TEST_CASE("lower_binary: equal scales are kept where the multiplier stays exact") {
    const auto kernel = only_kernel(sum(0.5F, 0.5F, 1.0F));
    CHECK(kernel.operand_scaling == OperandScaling::both16);
    CHECK(kernel.opa_scale == stream::Scale{1U << 15, 0});
    CHECK(kernel.opb_scale == stream::Scale{1U << 15, 0});
    CHECK(kernel.ofm_scale == scale_of(2 * 0.5 / (1.0 * 65536)));
}

TEST_CASE("lower_binary: a product has one scale, that of both operands over the result's") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 4, 4, 8}, "a", quantised(0.25F));
    const Value y = net.input({1, 4, 4, 8}, "b", quantised(0.5F));
    net.output(net.mul(x, y, {.name = "product", .quantization = quantised(0.0625F)}));
    const auto kernel = only_kernel(net.build());
    CHECK(kernel.elementwise_mode == ElementwiseMode::mul);
    CHECK(kernel.ofm_scale == scale_of(0.25 * 0.5 / 0.0625));
}

TEST_CASE("lower_binary: the smaller operand comes second, and is repeated") {
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

TEST_CASE("lower_binary: one constant element is a register") {
    GraphBuilder net{"net"};
    const Value x = net.input({1, 4, 4, 8}, "x", quantised(0.5F));
    net.output(net.add(x, net.constant({1}, {2.0}), {.name = "sum"}));
    const auto kernel = only_kernel(net.build());
    CHECK(kernel.broadcast.scalar);
    // 2.0 is the whole range of its own quantisation.
    CHECK(kernel.ifm2_scalar == 127);
}

TEST_CASE("lower_binary: SQUARED_DIFFERENCE widens, subtracts and squares") {
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
