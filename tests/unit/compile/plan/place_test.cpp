// Where maps live, from when to when.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

/// A residual: the sum may be written over either operand.
Graph residual() {
    GraphBuilder net{"net"};
    const Value x =
        net.conv2d(net.input({1, 8, 8, 16}, "in"), 16, Window::square(1), {.name = "kept"});
    const Value y = net.conv2d(x, 16, Window::square(1), {.name = "branch"});
    const Value sum = net.add(x, y, {.name = "sum"});
    net.output(net.conv2d(sum, 8, Window::square(1), {.name = "last"}));
    return net.build();
}

std::string maps(const std::string& text) { return test::lines_with(text, "8x8x"); }

}  // namespace

TEST_CASE(
    "place: inputs and outputs lie in the arena, maps between in fast memory, while they live") {
    CHECK(maps(test::dump_after("place", residual(), test::target(), {"merge_in_place"})) ==
          R"(8x8x16 in: 1024 B at 0 of arena, alive 0 to 0
8x8x16 kept: 1024 B at 0 of fast, alive 0 to 2, bricks
8x8x16 branch: 1024 B at 1024 of fast, alive 1 to 2, bricks
8x8x16 sum: 1024 B at 2048 of fast, alive 2 to 3, bricks
8x8x8 last: 512 B at 0 of arena, alive 3 to 4
)");
}

TEST_CASE("merge_in_place: a sum is written over the operand that nobody reads later") {
    CHECK(maps(test::dump_after("place", residual())) ==
          R"(8x8x16 in: 1024 B at 0 of arena, alive 0 to 0
8x8x16 kept: 1024 B at 0 of fast, alive 0 to 3, bricks
8x8x16 branch: 1024 B at 1024 of fast, alive 1 to 2, bricks
8x8x8 last: 512 B at 0 of arena, alive 3 to 4
)");
}

TEST_CASE("merge_in_place: the operand lives on as the result") {
    CHECK(maps(test::dump_after("merge_in_place", residual())) == R"(8x8x16 in: 1024 B, alive 0 to 0
8x8x16 kept: 1024 B, alive 0 to 3, bricks
8x8x16 branch: 1024 B, alive 1 to 2, bricks
8x8x8 last: 512 B, alive 3 to 4
)");
}

TEST_CASE("place: a shared SRAM holds everything") {
    CHECK(maps(test::dump_after("place", residual(), test::target(Product::u55, 128))) ==
          R"(8x8x16 in: 1024 B at 1024 of arena, alive 0 to 0
8x8x16 kept: 1024 B at 0 of arena, alive 0 to 3, bricks
8x8x16 branch: 1024 B at 1024 of arena, alive 1 to 2, bricks
8x8x8 last: 512 B at 1024 of arena, alive 3 to 4
)");
}

TEST_CASE("place: a map of a single pixel is one run, no bricks") {
    GraphBuilder net{"net"};
    const Value x =
        net.conv2d(net.input({1, 1, 1, 48}, "in"), 40, Window::square(1), {.name = "pixel"});
    net.output(net.conv2d(x, 8, Window::square(1), {.name = "last"}));
    const std::string text = test::dump_after("merge_in_place", net.build());
    CHECK(test::lines_with(text, "pixel") == "1x1x40 pixel: 40 B, alive 0 to 1\n");
}
