// Networks can be built in code: is a fused inverted bottleneck slower than a depthwise one?
#include <cstdio>
#include <u65sim/graph_builder.hpp>
#include <u65sim/oracle.hpp>

namespace {

using u65sim::Value;
using u65sim::Window;

/// Widens `x` six times, convolves it 3x3, narrows it again and adds it to itself.
u65sim::Graph bottleneck(bool fused, std::int32_t size, std::int32_t channels) {
    u65sim::GraphBuilder net{fused ? "fused" : "depthwise"};
    const Value x = net.input({1, size, size, channels});
    Value y;
    if (fused) {
        y = net.conv2d(x, 6 * channels, Window::square(3));
    } else {
        y = net.conv2d(x, 6 * channels, Window::square(1));
        y = net.depthwise_conv2d(y, Window::square(3));
    }
    y = net.conv2d(y, channels, Window::square(1));
    net.output(net.add(x, y));
    return net.build();
}

}  // namespace

int main() {
    u65sim::Oracle oracle{u65sim::Target::preset("u65-256")};
    for (const bool fused : {false, true}) {
        const u65sim::Report report = oracle.estimate(bottleneck(fused, 28, 32));
        std::printf("%-10s %9lld MACs %8lld parameters %8.3f ms\n", report.model.name.c_str(),
                    static_cast<long long>(report.model.macs.count()),
                    static_cast<long long>(report.model.parameters), report.latency_ms());
    }
}
