// ARG_MAX as kernels: the position rides in the low bits.
#include <catch2/catch.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

std::string arg_max(ElementType type) {
    test::Builder b;
    const TensorId x = b.input({1, 2, 2, 10});
    const TensorId out = b.map({1, 2, 2});
    Tensor& result = b.graph.tensors.back();
    result.type = type;
    result.quantization = {};
    b.op(OpType::arg_max, {x, b.numbers({3})}, out, AxisAttributes{3});
    return test::dump_after("lower", b.finish(out));
}

}  // namespace

TEST_CASE("lower_arg_max: elements are marked, the largest found, its position widened") {
    CHECK(arg_max(ElementType::int32) == R"(npu0
  0 op0/mark: depthwise map0:2x2x10 -> op0/marked:2x2x10
  1 op0/max: max_pool op0/marked:4x10x1 -> op0/position:4x1x1 kernel 1x10/1x1 table 2048 B
  2 op0/widen: depthwise op0/position:1x1x4 -> map1:1x1x4
)");
}

TEST_CASE("lower_arg_max: of an int64 the upper half is a filter of zeros") {
    CHECK(arg_max(ElementType::int64) == R"(npu0
  0 op0/mark: depthwise map0:2x2x10 -> op0/marked:2x2x10
  1 op0/max: max_pool op0/marked:4x10x1 -> op0/position:4x1x1 kernel 1x10/1x1 table 2048 B
  2 op0/widen: conv op0/position:1x1x4 -> map1:1x1x8
)");
}
