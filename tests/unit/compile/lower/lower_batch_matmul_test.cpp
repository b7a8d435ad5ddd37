// Products of two maps: of elements, and their sums.
#include <catch2/catch.hpp>
#include <u65sim/compile.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

Graph product_of(const Shape& a, const Shape& b, const Shape& out, bool adjoint_y,
                 std::int64_t zero_a) {
    test::Builder builder;
    const TensorId left = builder.map(a, 0.05F, zero_a), right = builder.map(b, 0.05F, 3);
    builder.graph.inputs = {left, right};
    const TensorId made = builder.map(out);
    builder.op(OpType::batch_matmul, {left, right}, made,
               BatchMatmulAttributes{false, adjoint_y, false});
    return builder.finish(made);
}

std::string product(const Shape& a, const Shape& b, const Shape& out, bool adjoint_y,
                    std::int64_t zero_a) {
    return test::dump_after("lower", product_of(a, b, out, adjoint_y, zero_a));
}

CompileOptions like_vela(const char* dump_after = "") {
    CompileOptions options;
    options.like_vela = true;
    options.dump_after = dump_after;
    return options;
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
    CHECK(text.find("op0/products:8x64x64") != std::string::npos);
    CHECK(text.find("op0/products too:") != std::string::npos);
}

// Rows of 8 KiB: with an eighth of 384 KiB there were six at a time, and four left over.
TEST_CASE("lower_batch_matmul: more SRAM gives parts as many rows, or twice as many") {
    const Graph graph = product_of({64, 64}, {64, 64}, {64, 64}, false, 0);
    CompileOptions options;
    options.dump_after = "lower";
    for (const std::int64_t kib : {64, 100, 128, 200, 256, 300, 384, 512, 1024}) {
        CAPTURE(kib);
        Target target = test::target();
        target.sram.size = Bytes{kib * 1024};
        const std::string rows = kib < 128 ? "2" : kib < 256 ? "4" : "8";
        const std::string text = compile(graph, target, options).pass_dump;
        CHECK(text.find("op0/products:" + rows + "x64x64") != std::string::npos);
    }
}

TEST_CASE("lower_batch_matmul: what takes thousands of parts stays on the CPU") {
    const std::string text = product({6000, 600}, {600, 600}, {6000, 600}, false, 0);
    CHECK(text.find("mul") == std::string::npos);
}

// As in streams of Vela 5.2: a column of the result at a time.
TEST_CASE("lower_batch_matmul: like Vela, each column is products and their sums") {
    const Graph graph = product_of({2, 6, 8}, {2, 3, 8}, {2, 6, 3}, true, 0);
    CHECK(compile(graph, test::target(), like_vela("lower")).pass_dump == R"(npu0
  0 op0: mul map0:2x6x8 -> op0/products:2x6x8 with map1:2x1x8
  1 op0/2: reduce_sum op0/products:2x6x8 -> map2:2x6x1
  2 op0/3: mul map0:2x6x8 -> op0/products:2x6x8 with map1@0,0,8:2x1x8
  3 op0/4: reduce_sum op0/products:2x6x8 -> map2@0,0,1:2x6x1
  4 op0/5: mul map0:2x6x8 -> op0/products:2x6x8 with map1@0,0,16:2x1x8
  5 op0/6: reduce_sum op0/products:2x6x8 -> map2@0,0,2:2x6x1
)");
}

TEST_CASE("lower_batch_matmul: like Vela, products are off-chip, with room for one more a row") {
    const Graph graph = product_of({2, 6, 8}, {2, 8, 3}, {2, 6, 3}, false, 0);
    const CompiledNetwork network = compile(graph, test::target(), like_vela());
    std::size_t sums = 0;
    for (const auto& kernel : test::kernels_of(network)) {
        if (kernel.kind != stream::KernelKind::pool ||
            kernel.pool_mode != stream::PoolMode::reduce_sum) {
            continue;
        }
        ++sums;
        CHECK(kernel.ifm.region == region_arena);
        CHECK(kernel.ifm.stride_x == 9 * 4);
    }
    CHECK(sums == 3);
}

TEST_CASE("lower_batch_matmul: like Vela, what meets several matrices is multiplied our way") {
    const Graph graph = product_of({2, 6, 8}, {1, 3, 8}, {2, 6, 3}, true, 0);
    const std::string ours = test::dump_after("lower", graph);
    CHECK(compile(graph, test::target(), like_vela("lower")).pass_dump == ours);
}
