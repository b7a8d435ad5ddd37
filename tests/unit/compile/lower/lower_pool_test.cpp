// Pools as kernels.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

Graph pool(bool average, const Shape& shape, const Window& window) {
    GraphBuilder net{"net"};
    const Value x = net.input(shape, "in");
    net.output(average ? net.average_pool(x, window, {.name = "pool"})
                       : net.max_pool(x, window, {.name = "pool"}));
    return net.build();
}

}  // namespace

TEST_CASE("lower_pool: one kernel with the operator's window and padding") {
    CHECK(test::dump_after("lower", pool(false, {1, 8, 8, 8}, Window::square(2, 2))) == R"(npu0
  0 pool: max_pool in:8x8x8 -> pool:4x4x8 kernel 2x2/2x2
)");
    CHECK(test::dump_after("lower", pool(true, {1, 8, 8, 8}, Window::square(3))) == R"(npu0
  0 pool: average_pool in:8x8x8 -> pool:8x8x8 kernel 3x3/1x1 pad 1,1,1,1
)");
}

TEST_CASE("lower_pool: a stride above three is a kernel for each row and column of outputs") {
    CHECK(test::dump_after(
              "lower", pool(false, {1, 8, 8, 8}, Window::square(4, 4, Padding::valid))) == R"(npu0
  0 pool: max_pool in:4x4x8 -> pool:1x1x8 kernel 4x4/1x1
  1 pool/2: max_pool in@0,4,0:4x4x8 -> pool@0,1,0:1x1x8 kernel 4x4/1x1
  2 pool/3: max_pool in@4,0,0:4x4x8 -> pool@1,0,0:1x1x8 kernel 4x4/1x1
  3 pool/4: max_pool in@4,4,0:4x4x8 -> pool@1,1,0:1x1x8 kernel 4x4/1x1
)");
}

TEST_CASE(
    "lower_pool: an average without padding divides by a constant, one with padding by what it "
    "covers") {
    const auto kernels = [](const Graph& graph) {
        return test::kernels_of(compile(graph, test::target()));
    };
    const auto without = kernels(pool(true, {1, 8, 8, 8}, Window::square(2, 2)));
    REQUIRE(without.size() == 1);
    CHECK(without[0].global_scale);
    // 2^31 / 2^33 is a quarter; the lowest bit rounds halves up.
    CHECK(without[0].ofm_scale.multiplier == (1U << 31) + 1);
    CHECK(without[0].ofm_scale.shift == 33);
    const auto with = kernels(pool(true, {1, 8, 8, 8}, Window::square(3)));
    REQUIRE(with.size() == 1);
    CHECK_FALSE(with[0].global_scale);
}
