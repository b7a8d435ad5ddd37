// Weights and tables as bytes of the constants.
#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

/// Two 1x1 convolutions with weights of one value each.
Graph two(std::uint8_t first, std::uint8_t second) {
    GraphBuilder net{"net"};
    const Quantization q{{0.05F}, {0}, 0};
    const Quantization w{std::vector<float>(16, 0.01F), std::vector<std::int64_t>(16, 0), 0};
    const auto given = [&](std::uint8_t value) {
        return GivenWeights{std::vector<std::uint8_t>(256, value), w, std::vector<double>(16, 0.0)};
    };
    const Value x = net.conv2d(net.input({1, 8, 8, 16}, "in", q), 16, Window::square(1),
                               {.name = "a", .quantization = q, .weights = given(first)});
    net.output(net.conv2d(x, 16, Window::square(1),
                          {.name = "b", .quantization = q, .weights = given(second)}));
    return net.build();
}

}  // namespace

TEST_CASE("encode_constants: each operation has a slice of all its outputs, scales included") {
    CHECK(test::dump_after("encode_constants", two(3, 5)) == R"(npu0
  0 a: conv in:8x8x16 -> a:8x8x16 block 8x8x16 weights[0+16] 240 B
  1 b: conv a:8x8x16 -> b:8x8x16 block 8x8x16 weights[0+16] 240 B
)");
}

TEST_CASE("encode_constants: equal weights with equal scales are stored once") {
    const auto constants = [](std::uint8_t first, std::uint8_t second) {
        return compile(two(first, second), test::target()).constants.size();
    };
    CHECK(constants(3, 5) == 2 * constants(3, 3));
}

TEST_CASE("encode_constants: a table is 256 bytes beside the weights") {
    const auto size = [](bool curve) {
        GraphBuilder net{"net"};
        const Value x = net.conv2d(net.input({1, 8, 8, 16}, "in"), 16, Window::square(1));
        net.output(curve ? net.logistic(x) : x);
        return compile(net.build(), test::target()).constants.size();
    };
    CHECK(size(true) == size(false) + 256);
}
