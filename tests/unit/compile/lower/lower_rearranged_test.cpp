// Operators that put elements elsewhere, as copies of boxes.
#include <catch2/catch.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

std::string rearranged(OpType type, const Shape& from, const Shape& to,
                       const std::vector<std::vector<std::int32_t>>& numbers,
                       Attributes attributes = {}) {
    test::Builder b;
    std::vector<TensorId> inputs{b.input(from)};
    for (const auto& each : numbers) inputs.push_back(b.numbers(each));
    const TensorId out = b.map(to);
    b.op(type, inputs, out, std::move(attributes));
    return test::dump_after("lower", b.finish(out));
}

}  // namespace

TEST_CASE("lower_rearranged: TILE copies the map once for each place") {
    CHECK(rearranged(OpType::tile, {1, 2, 3, 8}, {1, 2, 6, 8}, {{1, 1, 2, 1}}) == R"(npu0
  0 op0: average_pool map0:2x3x8 -> map2:2x3x8
  1 op0/2: average_pool map0:2x3x8 -> map2@0,3,0:2x3x8
)");
}

TEST_CASE("lower_rearranged: REVERSE_V2 copies row by row") {
    CHECK(rearranged(OpType::reverse_v2, {1, 3, 2, 8}, {1, 3, 2, 8}, {{1}}) == R"(npu0
  0 op0: average_pool map0@2,0,0:1x2x8 -> map2:1x2x8
  1 op0/2: average_pool map0@1,0,0:1x2x8 -> map2@1,0,0:1x2x8
  2 op0/3: average_pool map0:1x2x8 -> map2@2,0,0:1x2x8
)");
}

TEST_CASE("lower_rearranged: a row of each block is one copy, with the block's columns as depth") {
    CHECK(
        rearranged(OpType::space_to_depth, {1, 8, 8, 64}, {1, 4, 4, 256}, {}, BlockAttributes{2}) ==
        R"(npu0
  0 op0: average_pool map0:4x4x128 -> map1:4x4x128
  1 op0/2: average_pool map0@0,0,512:4x4x128 -> map1@0,0,128:4x4x128
)");
}

TEST_CASE("lower_rearranged: few channels are put into their places by weights") {
    CHECK(rearranged(OpType::space_to_depth, {1, 4, 4, 4}, {1, 2, 2, 16}, {}, BlockAttributes{2}) ==
          R"(npu0
  0 op0: conv map0:4x2x8 -> map1:2x2x16 kernel 2x1/2x1
)");
    const std::string text =
        rearranged(OpType::depth_to_space, {1, 32, 32, 4}, {1, 64, 64, 1}, {}, BlockAttributes{2});
    CHECK(test::lines_with(text, "op0: conv map0:") != "");
    CHECK(test::lines_with(text, "op0/2: conv map0:") != "");
}

TEST_CASE("lower_rearranged: single elements come off-chip by way of the SRAM, in long runs") {
    test::Builder b;
    const TensorId in = b.input({1, 32, 32, 16});
    const TensorId out = b.map({1, 128, 128, 1});
    b.op(OpType::depth_to_space, {in}, out, BlockAttributes{4});
    const Graph graph = b.finish(out);
    Target target = test::target();
    target.off_chip.write_latency = Cycles{250};
    target.off_chip.max_outstanding_writes = 12;
    const std::string text = test::dump_after("lower", graph, target);
    CHECK(test::lines_with(text, "op0/near").size() > 0);
    CHECK(
        test::lines_with(text, "op0/out: average_pool op0/near:8x16x128 -> map1:8x16x128").size() >
        0);
    // A shared SRAM holds the result.
    CHECK(
        test::lines_with(test::dump_after("lower", graph, test::target(Product::u55, 128)), "near")
            .empty());
}
