// Cascades as Vela forms them with a dedicated SRAM.
#include <string>

#include <catch2/catch.hpp>

#include <u65sim/graph_builder.hpp>

#include "unit/compile/pass_dump.hpp"

using namespace u65sim;

namespace {

/// Convolutions of 64 x 64 maps; the last one has a quarter of the channels.
Graph wide() {
    GraphBuilder net{"net"};
    const Value x =
        net.conv2d(net.input({1, 64, 64, 16}, "in"), 16, Window::square(3), {.name = "first"});
    const Value y = net.conv2d(x, 16, Window::square(3), {.name = "second"});
    net.output(net.conv2d(y, 4, Window::square(1), {.name = "third"}));
    return net.build();
}

std::string cascades(const Graph& graph, std::int64_t kib, VelaVersion version) {
    Target target = test::target();
    target.sram.size = Bytes{kib * 1024};
    CompileOptions options;
    options.like_vela = true;
    options.vela_version = version;
    options.dump_after = "form_cascades";
    return compile(graph, target, options).pass_dump;
}

}  // namespace

TEST_CASE("vela_cascades: an operation that fits whole ends a cascade") {
    // Two maps of 64 KiB: 128 KiB and weights.
    CHECK(test::lines_with(cascades(wide(), 192, VelaVersion::v5_2), "stripe").empty());
    // The third one's maps are 80 KiB.
    for (const std::int64_t kib : {72, 96}) {
        CAPTURE(kib);
        const std::string text = cascades(wide(), kib, VelaVersion::v5_2);
        CHECK_FALSE(test::lines_with(text, "first/stripe").empty());
        CHECK_FALSE(test::lines_with(text, "second/stripe").empty());
        CHECK(test::lines_with(text, "third/stripe").empty() == (kib == 96));
    }
}

TEST_CASE("vela_cascades: stripes grow while rolling buffers fit, to half of the map at most") {
    // Two rolling buffers of 64 x 16 channels, twice as many rows as a stripe at least.
    const std::string high = cascades(wide(), 112, VelaVersion::v5_2);
    const std::string low = cascades(wide(), 48, VelaVersion::v5_2);
    const auto stripes = [](const std::string& text) {
        return test::lines_with(text, "second/stripe").size();
    };
    CHECK(stripes(high) > 0);
    CHECK(stripes(low) > stripes(high));
}

TEST_CASE("vela_cascades: a map with two readers is in no cascade") {
    GraphBuilder net{"net"};
    const Value x =
        net.conv2d(net.input({1, 64, 64, 16}, "in"), 16, Window::square(3), {.name = "first"});
    const Value y = net.conv2d(x, 16, Window::square(3), {.name = "second"});
    net.output(net.add(x, y));
    const std::string text = cascades(net.build(), 96, VelaVersion::v5_2);
    CHECK(test::lines_with(text, "first/stripe").empty());
}
