// Operands that leave a dedicated SRAM with each other, as Vela has them.
#include <string>

#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;
using test::as_vela;

namespace {

Target small(std::int64_t kib) {
    Target target = test::target();
    target.sram.size = Bytes{kib * 1024};
    return target;
}

/// Sums with the network's input, which lies off-chip: of a map that a sum alone reads, or others.
Graph sums(bool is_shared, int terms = 1) {
    GraphBuilder net{"net"};
    const Value in = net.input({1, 16, 16, 16}, "in");
    const Value made = net.conv2d(in, 16, Window::square(1), {.name = "made"});
    Value sum = made;
    for (int i = 0; i < terms; ++i) sum = net.add(sum, in, {.name = "sum" + std::to_string(i)});
    net.output(net.conv2d(sum, 8, Window::square(1), {.name = "last"}));
    if (is_shared) net.output(net.conv2d(made, 8, Window::square(1), {.name = "other"}));
    return net.build();
}

std::string placed(const Graph& graph, VelaVersion version = VelaVersion::v5_2) {
    CompileOptions options = as_vela(version);
    options.dump_after = "place";
    return test::lines_with(compile(graph, small(64), options).pass_dump, "16x16x16");
}

}  // namespace

TEST_CASE("vela_operands: a map leaves with the one that it is added to, the sum stays") {
    const std::string maps = placed(sums(false));
    CHECK_FALSE(test::lines_with(test::lines_with(maps, "made:"), "of arena").empty());
    CHECK_FALSE(test::lines_with(test::lines_with(maps, "sum0:"), "of fast").empty());
    // In 5.0 the sum is written over the map.
    CHECK(test::lines_with(placed(sums(false), VelaVersion::v5_0), "of arena").find("made") ==
          std::string::npos);
}

TEST_CASE("vela_operands: a map that a convolution reads as well stays") {
    CHECK_FALSE(test::lines_with(test::lines_with(placed(sums(true)), "made:"), "of fast").empty());
}

TEST_CASE("vela_operands: each of several sums over each other leaves alone") {
    const std::string maps = placed(sums(false, 3));
    for (const char* name : {"made:", "sum0:", "sum1:"}) {
        CAPTURE(name);
        CHECK_FALSE(test::lines_with(test::lines_with(maps, name), "of arena").empty());
    }
    CHECK_FALSE(test::lines_with(test::lines_with(maps, "sum2:"), "of fast").empty());
}
