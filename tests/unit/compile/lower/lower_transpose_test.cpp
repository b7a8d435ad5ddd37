// Transposes: by strides, or by weights where the last axes change places.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

std::string transposed(const Shape& shape, const std::vector<std::int32_t>& order,
                       bool like_vela = false) {
    GraphBuilder net{"net"};
    net.output(net.transpose(net.input(shape, "in"), order, {.name = "turn"}));
    CompileOptions options;
    options.dump_after = "lower";
    options.like_vela = like_vela;
    return compile(net.build(), test::target(), options).pass_dump;
}

}  // namespace

TEST_CASE("lower_transpose: channels that change places are filters of one channel each") {
    CHECK(transposed({1, 64, 2, 16}, {0, 1, 3, 2}) == R"(npu0
  0 turn: conv in:8x8x32 -> turn:8x8x32
)");
    // Vela moves every element alone.
    CHECK(transposed({1, 64, 2, 16}, {0, 1, 3, 2}, true).find("conv") == std::string::npos);
}

TEST_CASE("lower_transpose: what moves in long runs, or across the map, is copied with strides") {
    for (const auto& [shape, order] :
         {std::pair{Shape{1, 4, 64, 64}, std::vector<std::int32_t>{0, 2, 1, 3}},
          std::pair{Shape{1, 32, 32, 3}, std::vector<std::int32_t>{0, 3, 1, 2}}}) {
        const std::string text = transposed(shape, order);
        CHECK(text.find("average_pool") != std::string::npos);
        CHECK(text.find("conv") == std::string::npos);
    }
}

TEST_CASE("lower_transpose: four axes that all part are filters as well") {
    CHECK(transposed({2, 3, 4, 5}, {3, 1, 0, 2}) == R"(npu0
  0 turn: conv in:1x1x120 -> turn:1x1x120
)");
    CHECK(transposed({9, 2, 3, 4}, {0, 3, 2, 1}) == R"(npu0
  0 turn: conv in:3x3x24 -> turn:3x3x24
)");
}

TEST_CASE("lower_transpose: every filter keeps one channel, and every channel is kept once") {
    GraphBuilder net{"net"};
    net.output(net.transpose(net.input({1, 64, 3, 8}, "in"), {0, 1, 3, 2}));
    const auto kernels = test::kernels_of(compile(net.build(), test::target()));
    REQUIRE(kernels.size() == 1);
    CHECK(kernels[0].kind == stream::KernelKind::conv);
    CHECK(kernels[0].ifm.zero_point == 0);
    CHECK(kernels[0].ofm.zero_point == 0);
    CHECK(kernels[0].ofm.depth == 24);
}
