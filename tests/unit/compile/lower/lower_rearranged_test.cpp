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

TEST_CASE("lower_rearranged: SPACE_TO_DEPTH copies one phase of a block at a time") {
    CHECK(rearranged(OpType::space_to_depth, {1, 4, 4, 4}, {1, 2, 2, 16}, {}, BlockAttributes{2}) ==
          R"(npu0
  0 op0: average_pool map0:2x2x4 -> map1:2x2x4
  1 op0/2: average_pool map0@0,0,4:2x2x4 -> map1@0,0,4:2x2x4
  2 op0/3: average_pool map0@0,0,16:2x2x4 -> map1@0,0,8:2x2x4
  3 op0/4: average_pool map0@0,0,20:2x2x4 -> map1@0,0,12:2x2x4
)");
}
