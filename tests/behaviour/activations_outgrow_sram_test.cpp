// Over height x width x channels, latency leaps where the activations pass the SRAM's 384 KiB, and
// the report's spill events begin exactly there.
#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include <u65sim/graph_builder.hpp>
#include <u65sim/oracle.hpp>

using namespace u65sim;

namespace {

constexpr std::int64_t sram_bytes = 384 << 10;

/// 1x1 convolutions with shortcuts: two maps of the same size are alive at a time.
Report run(Oracle& oracle, std::int32_t height, std::int32_t width, std::int32_t channels) {
    GraphBuilder net{"shortcuts"};
    Value x = net.conv2d(net.input({1, height, width, channels}), channels, Window::square(1));
    for (int i = 0; i < 3; ++i) x = net.maximum(x, net.conv2d(x, channels, Window::square(1)));
    net.output(net.conv2d(x, channels, Window::square(1)));
    return oracle.estimate(net.build());
}

}  // namespace

SCENARIO("activations outgrow the SRAM") {
    GIVEN("networks with two feature maps alive, on a U65-256 with 384 KiB of SRAM") {
        const std::int32_t channels = GENERATE(16, 32, 64);
        CAPTURE(channels);
        Oracle oracle{Target::preset("u65-256")};
        double slowest_inside = 0, fastest_outside = 1e9;
        for (const auto& [height, width] :
             std::vector<std::pair<std::int32_t, std::int32_t>>{{40, 48},
                                                                {48, 48},
                                                                {56, 48},
                                                                {56, 64},
                                                                {64, 80},
                                                                {72, 64},
                                                                {80, 80},
                                                                {88, 80},
                                                                {96, 96},
                                                                {104, 96},
                                                                {112, 112},
                                                                {120, 112}}) {
            const std::int64_t elements = std::int64_t{height} * width * channels;
            if (2 * elements < sram_bytes / 2 || 2 * elements > 3 * sram_bytes / 2) continue;
            const bool outgrown = 2 * elements > sram_bytes;
            const Report report = run(oracle, height, width, channels);
            CAPTURE(height, width);
            CHECK(report.spills.empty() == !outgrown);
            const double cost = report.latency_ms() * 1e6 / static_cast<double>(elements);
            if (outgrown) {
                fastest_outside = std::min(fastest_outside, cost);
            } else {
                slowest_inside = std::max(slowest_inside, cost);
            }
        }
        REQUIRE(slowest_inside > 0);
        REQUIRE(fastest_outside < 1e9);
        THEN("spills begin at 384 KiB, and each element costs more from there on") {
            CHECK(fastest_outside > slowest_inside);
        }
    }
}
