// A map may have room beside one operator and none in the plan: operators then take the forms that
// suit less SRAM.
#include <catch2/catch.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/oracle.hpp>

using namespace u65sim;

namespace {

/// A map of 96x96x24 is joined with what comes back to its size: 432 KiB together, which live from
/// the first operator to the last.
Graph u_net() {
    constexpr std::int32_t side = 96, channels = 24;
    GraphBuilder net{"u_net"};
    const Value skip = net.conv2d(net.input({1, side, side, 8}), channels, Window::square(3));
    Value x = net.max_pool(skip, Window::square(2, 2));
    for (const std::int32_t filters : {2 * channels, 2 * channels, channels}) {
        x = net.conv2d(x, filters, Window::square(3));
    }
    const Value up = net.transpose_conv(x, channels, Window::square(2, 2), {.name = "up"});
    net.output(net.conv2d(net.concat({skip, up}, 3), channels, Window::square(3)));
    return net.build();
}

std::int32_t kernels_of_up(std::int64_t sram_kib) {
    Target target = Target::preset("u65-512");
    target.sram.size = Bytes{sram_kib * 1024};
    for (const OperatorReport& row : Oracle{target}.estimate(u_net()).operators) {
        if (row.name == "up") return row.kernels;
    }
    return 0;
}

}  // namespace

TEST_CASE("a transposed convolution into a joined map that spills is one kernel over zeros") {
    CHECK(kernels_of_up(512) == 1);
}

TEST_CASE("a transposed convolution into a joined map in the SRAM is a kernel for each phase") {
    CHECK(kernels_of_up(1536) == 4);
}
