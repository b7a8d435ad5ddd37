// PRELU as kernels, by what its slopes are.
#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

/// A slope in hundredths for each channel, or each element.
using Slopes = std::vector<int>;

TensorId slopes_of(test::Builder& b, const Shape& shape, const Slopes& slopes) {
    std::vector<std::uint8_t> bytes;
    for (const int slope : slopes) bytes.push_back(static_cast<std::uint8_t>(slope));
    return b.constant(shape, ElementType::int8, bytes, 0.015F);
}

/// PRELU of a 4x4x8 map.
Graph prelu(const Shape& shape, const Slopes& slopes, float scale = 0.04F) {
    test::Builder b;
    const TensorId x = b.input({1, 4, 4, 8});
    const TensorId slope = slopes_of(b, shape, slopes);
    const TensorId result = b.map({1, 4, 4, 8}, scale);
    b.op(OpType::prelu, {x, slope}, result);
    return b.finish(result);
}

std::string lowered(const Graph& graph) { return test::dump_after("lower", graph); }

// Times 0.015.
const Slopes below_one{10, -20, 30, 40, -50, 60, 65, 5};
const Slopes above_one{70, 80, 90, 100, 110, 120, 125, 127};
const Slopes mixed{10, 120, -30, 110, 50, 60, 65, 5};

}  // namespace

TEST_CASE("lower_prelu: slopes below one take the larger of two lines") {
    CHECK(lowered(prelu({1, 1, 8}, below_one)) == R"(npu0
  0 op0/sloped: depthwise map0:4x4x8 -> op0/sloped:4x4x8
  1 op0/kept: average_pool map0:4x4x8 -> op0/kept:4x4x8
  2 op0: max op0/kept:4x4x8 -> map2:4x4x8 with op0/sloped:4x4x8
)");
}

TEST_CASE("lower_prelu: slopes above one take the smaller") {
    CHECK(test::lines_with(lowered(prelu({1, 1, 8}, above_one)), " op0: ") ==
          "  2 op0: min op0/kept:4x4x8 -> map2:4x4x8 with op0/sloped:4x4x8\n");
}

TEST_CASE("lower_prelu: a map at the result's scale is a line as it is") {
    CHECK(lowered(prelu({1, 1, 8}, below_one, 0.05F)) == R"(npu0
  0 op0/sloped: depthwise map0:4x4x8 -> op0/sloped:4x4x8
  1 op0: max map0:4x4x8 -> map2:4x4x8 with op0/sloped:4x4x8
)");
}

TEST_CASE("lower_prelu: slopes on both sides of one take both in turn") {
    CHECK(lowered(prelu({1, 1, 8}, mixed)) == R"(npu0
  0 op0/sloped: depthwise map0:4x4x8 -> op0/sloped:4x4x8
  1 op0/kept: average_pool map0:4x4x8 -> op0/kept:4x4x8
  2 op0/larger: max op0/kept:4x4x8 -> op0/larger:4x4x8 with op0/sloped:4x4x8
  3 op0/steep: depthwise map0:4x4x8 -> op0/steep:4x4x8
  4 op0: min op0/larger:4x4x8 -> map2:4x4x8 with op0/steep:4x4x8
)");
}

TEST_CASE("lower_prelu: a slope an element is a product of maps") {
    Slopes slopes;
    for (int i = 0; i < 16; ++i) slopes.insert(slopes.end(), below_one.begin(), below_one.end());
    CHECK(lowered(prelu({4, 4, 8}, slopes)) == R"(npu0
  0 op0/sloped: mul map0:4x4x8 -> op0/sloped:4x4x8 with constant1:4x4x8
  1 op0/kept: average_pool map0:4x4x8 -> op0/kept:4x4x8
  2 op0: max op0/kept:4x4x8 -> map2:4x4x8 with op0/sloped:4x4x8
)");
}

TEST_CASE("lower_prelu: slopes that are not known sum the parts above and below zero") {
    test::Builder b;
    const TensorId x = b.input({1, 4, 4, 8});
    const TensorId slope = b.input({1, 1, 1, 8});
    const TensorId result = b.map({1, 4, 4, 8});
    b.op(OpType::prelu, {x, slope}, result);
    CHECK(lowered(b.finish(result)) == R"(npu0
  0 op0/rescale: average_pool map0:4x4x8 -> op0/positive:4x4x8
  1 op0/minimum: min map0:4x4x8 -> op0/below:4x4x8
  2 op0/sloped: mul op0/below:4x4x8 -> op0/sloped:4x4x8 with map1:1x1x8
  3 op0/sum: add op0/positive:4x4x8 -> map2:4x4x8 with op0/sloped:4x4x8
)");
}

TEST_CASE("lower_prelu: one slope for all is the table of the kernel before") {
    test::Builder b;
    const TensorId y = b.conv(b.input({1, 4, 4, 8}), 8, 1);
    const TensorId result = b.map({1, 4, 4, 8});
    b.op(OpType::prelu, {y, slopes_of(b, {1, 1, 8}, Slopes(8, 20))}, result);
    const Graph graph = b.finish(result);
    CHECK(lowered(graph) == "npu0\n  0 op0: conv map0:4x4x8 -> map4:4x4x8 table 256 B\n");
}

TEST_CASE("lower_prelu: a plan like Vela's sums the parts from a slope of one on") {
    CompileOptions options;
    options.like_vela = true;
    options.dump_after = "lower";
    const auto text = [&](const Slopes& slopes) {
        return compile(prelu({1, 1, 8}, slopes), test::target(), options).pass_dump;
    };
    CHECK(test::lines_with(text(mixed), " add ") ==
          "  3 op0/sum: add op0/positive:4x4x8 -> map2:4x4x8 with op0/sloped:4x4x8\n");
    CHECK(text(below_one) == R"(npu0
  0 op0/kept: mul map0:4x4x8 -> op0/kept:4x4x8
  1 op0/sloped: mul map0:4x4x8 -> op0/sloped:4x4x8 with constant1:1x1x8
  2 op0: max op0/sloped:4x4x8 -> map2:4x4x8 with op0/kept:4x4x8
)");
}
