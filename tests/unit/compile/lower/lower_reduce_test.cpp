// Sums and extremes over axes.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

std::string reduce(OpType type, const Shape& shape, const std::vector<std::int32_t>& axes,
                   const Shape& result) {
    test::Builder b;
    const TensorId x = b.input(shape);
    const TensorId out = b.map(result);
    b.op(type, {x, b.numbers(axes)}, out, ReduceAttributes{true});
    return test::dump_after("lower", b.finish(out));
}

}  // namespace

TEST_CASE("lower_reduce: a mean over height and width is one pool, whose scale divides") {
    CHECK(reduce(OpType::mean, {1, 8, 9, 16}, {1, 2}, {1, 1, 1, 16}) == R"(npu0
  0 op0: average_pool map0:8x9x16 -> map1:1x1x16 kernel 8x9/1x1
)");
    CHECK(reduce(OpType::mean, {1, 8, 9, 16}, {2}, {1, 8, 1, 16}) == R"(npu0
  0 op0: average_pool map0:8x9x16 -> map1:8x1x16 kernel 1x9/1x1
)");
}

TEST_CASE("lower_reduce: Vela's mean is a sum of ones and a product") {
    test::Builder b;
    const TensorId x = b.input({1, 8, 8, 16}), out = b.map({1, 1, 1, 16});
    b.op(OpType::mean, {x, b.numbers({1, 2})}, out, ReduceAttributes{true});
    CompileOptions options;
    options.dump_after = "lower";
    options.like_vela = true;
    CHECK(compile(b.finish(out), test::target(), options).pass_dump == R"(npu0
  0 op0/sum: depthwise map0:8x8x16 -> op0/sum:1x1x16 kernel 8x8/1x1
  1 op0: mul op0/sum:1x1x16 -> map1:1x1x16 with op0/factor:1x1x1
)");
}

TEST_CASE("lower_reduce: more than a pool's window are sums of at most 64 rows, which are added") {
    CHECK(reduce(OpType::sum, {1, 258, 4, 8}, {1, 2}, {1, 1, 1, 8}) == R"(npu0
  0 op0/sum: depthwise map0:64x4x8 -> op0/sum:1x1x8 kernel 64x4/1x1
  1 op0/sum at 64,0: depthwise map0@64,0,0:64x4x8 -> op0/sum at 64,0:1x1x8 kernel 64x4/1x1
  2 op0: add op0/sum:1x1x8 -> op0/sum to 64,0:1x1x8 with op0/sum at 64,0:1x1x8
  3 op0/sum at 128,0: depthwise map0@128,0,0:64x4x8 -> op0/sum at 128,0:1x1x8 kernel 64x4/1x1
  4 op0/2: add op0/sum to 64,0:1x1x8 -> op0/sum to 128,0:1x1x8 with op0/sum at 128,0:1x1x8
  5 op0/sum at 192,0: depthwise map0@192,0,0:64x4x8 -> op0/sum at 192,0:1x1x8 kernel 64x4/1x1
  6 op0/3: add op0/sum to 128,0:1x1x8 -> op0/sum to 192,0:1x1x8 with op0/sum at 192,0:1x1x8
  7 op0/sum at 256,0: depthwise map0@256,0,0:2x4x8 -> op0/sum at 256,0:1x1x8 kernel 2x4/1x1
  8 op0/4: add op0/sum to 192,0:1x1x8 -> op0/sum to 256,0:1x1x8 with op0/sum at 256,0:1x1x8
  9 op0/5: mul op0/sum to 256,0:1x1x8 -> map1:1x1x8 with op0/factor:1x1x1
)");
}

TEST_CASE("lower_reduce: the depth is summed by one filter of ones") {
    CHECK(reduce(OpType::sum, {1, 4, 4, 16}, {3}, {1, 4, 4, 1}) == R"(npu0
  0 op0/sum: conv map0:4x4x16 -> op0/sum:4x4x1
  1 op0: mul op0/sum:4x4x1 -> map1:4x4x1 with op0/factor:1x1x1
)");
}

TEST_CASE("lower_reduce: REDUCE_MAX is a pool, and another one over the depth") {
    CHECK(reduce(OpType::reduce_max, {1, 4, 4, 16}, {1, 2, 3}, {1, 1, 1, 1}) == R"(npu0
  0 op0/window: max_pool map0:4x4x16 -> op0/columns:1x1x16 kernel 4x4/1x1
  1 op0/max: max_pool op0/columns:1x16x1 -> map1:1x1x1 kernel 1x16/1x1
)");
}

TEST_CASE("lower_reduce: REDUCE_MIN halves each axis until one element is left") {
    CHECK(reduce(OpType::reduce_min, {1, 5, 1, 8}, {1}, {1, 1, 1, 8}) == R"(npu0
  0 op0/least of 5: min map0:3x1x8 -> op0/least:3x1x8 with map0@2,0,0:3x1x8
  1 op0/least of 3: min op0/least:2x1x8 -> op0/least:2x1x8 with op0/least@1,0,0:2x1x8
  2 op0/least of 2: min op0/least:1x1x8 -> map1:1x1x8 with op0/least@1,0,0:1x1x8
)");
}
