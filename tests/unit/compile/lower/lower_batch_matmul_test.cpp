// Products of two maps: of elements, and their sums.
#include <catch2/catch.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

std::string product(const Shape& a, const Shape& b, const Shape& out, bool adjoint_y,
                    std::int64_t zero_a) {
    test::Builder builder;
    const TensorId left = builder.map(a, 0.05F, zero_a), right = builder.map(b, 0.05F, 3);
    builder.graph.inputs = {left, right};
    const TensorId made = builder.map(out);
    builder.op(OpType::batch_matmul, {left, right}, made,
               BatchMatmulAttributes{false, adjoint_y, false});
    return test::dump_after("lower", builder.finish(made));
}

}  // namespace

TEST_CASE("lower_batch_matmul: products of 16 bits are summed along the width by a pool") {
    CHECK(product({6, 8}, {8, 20}, {6, 20}, false, 0) == R"(npu0
  0 op0: mul map1:6x8x20 -> op0/products:6x8x20 with map0:6x8x1
  1 op0/2: average_pool op0/products:6x8x20 -> map2:6x1x20 kernel 1x8/1x1
)");
}

TEST_CASE("lower_batch_matmul: products of 32 bits are summed along the depth") {
    CHECK(product({6, 8}, {20, 8}, {6, 20}, true, -128) == R"(npu0
  0 op0: mul map0:6x20x8 -> op0/products:6x20x8 with map1:1x20x8
  1 op0/2: reduce_sum op0/products:6x20x8 -> map2:6x20x1
)");
}

TEST_CASE("lower_batch_matmul: two buffers take turns where products come in parts") {
    const std::string text = product({64, 64}, {64, 64}, {64, 64}, false, 0);
    CHECK(text.find("op0/products:8x64x64") == std::string::npos);
    CHECK(text.find("op0/products:") != std::string::npos);
    CHECK(text.find("op0/products too:") != std::string::npos);
}

TEST_CASE("lower_batch_matmul: what takes thousands of parts stays on the CPU") {
    const std::string text = product({6000, 600}, {600, 600}, {6000, 600}, false, 0);
    CHECK(text.find("mul") == std::string::npos);
}
