// Latency over height x width x channels: what happens when activations pass 384 KiB of SRAM?
// Prints a table; with a file name it also writes the plot docs/activations-outgrow-sram.svg holds:
//   050-activations-outgrow-sram docs/activations-outgrow-sram.svg
#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <u65sim/graph_builder.hpp>
#include <u65sim/oracle.hpp>
#include <vector>

namespace {

struct Point {
    std::int32_t height, width, channels;
    double kib;            ///< two maps, which are alive together
    double ns_an_element;  ///< latency over the elements of one map
    std::size_t spills;
};

/// Three times: the larger of a 1x1 convolution and its own input. Two maps are alive at a time.
u65sim::Graph residual(std::int32_t height, std::int32_t width, std::int32_t channels) {
    using u65sim::Window;
    u65sim::GraphBuilder net{"residual"};
    u65sim::Value x = net.input({1, height, width, channels});
    x = net.conv2d(x, channels, Window::square(1));
    for (int i = 0; i < 3; ++i) x = net.maximum(x, net.conv2d(x, channels, Window::square(1)));
    net.output(net.conv2d(x, channels, Window::square(1)));
    return net.build();
}

std::string plot(const std::vector<Point>& points) {
    const auto x_of = [](double kib) { return 60 + (kib - 150) * 560 / 750; };
    const auto y_of = [](double ns) { return 300 - (ns - 2.0) * 200; };
    std::array<char, 256> line{};
    std::string svg =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 660 350\" "
        "font-family=\"sans-serif\" font-size=\"12\">\n"
        "<rect width=\"660\" height=\"350\" fill=\"white\"/>\n";
    const auto add = [&](auto... values) {
        std::snprintf(line.data(), line.size(), values...);
        svg += line.data();
    };
    for (const double ns : {2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 3.2}) {
        add("<text x=\"52\" y=\"%.0f\" text-anchor=\"end\">%.1f</text>\n", y_of(ns) + 4, ns);
        add("<path d=\"M60 %.0fH620\" stroke=\"#ddd\"/>\n", y_of(ns));
    }
    for (const double kib : {200.0, 400.0, 600.0, 800.0}) {
        add("<text x=\"%.0f\" y=\"320\" text-anchor=\"middle\">%.0f</text>\n", x_of(kib), kib);
    }
    add("<path d=\"M%.1f 40V300\" stroke=\"black\" stroke-dasharray=\"4\"/>\n", x_of(384));
    add("<text x=\"%.1f\" y=\"34\" text-anchor=\"middle\">384 KiB of SRAM</text>\n", x_of(384));
    svg +=
        "<text x=\"340\" y=\"340\" text-anchor=\"middle\">two feature maps, KiB</text>\n"
        "<text x=\"60\" y=\"16\">latency, ns an element; filled: spill events; "
        "16 channels blue, 32 green, 64 red</text>\n";
    for (const Point& each : points) {
        const char* colour = each.channels == 16   ? "#1f77b4"
                             : each.channels == 32 ? "#2ca02c"
                                                   : "#d62728";
        add("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" stroke=\"%s\" fill=\"%s\"/>\n", x_of(each.kib),
            y_of(each.ns_an_element), colour, each.spills > 0 ? colour : "white");
    }
    return svg + "</svg>\n";
}

}  // namespace

int main(int count, char** arguments) {
    u65sim::Oracle oracle{u65sim::Target::preset("u65-256")};
    std::vector<Point> points;
    std::puts("height width channels      KiB  ns/element spills");
    for (const std::int32_t channels : {16, 32, 64}) {
        for (std::int32_t height = 32; height <= 144; height += 8) {
            const std::int32_t width = height - height % 16;
            const double kib = 2.0 * height * width * channels / 1024;
            if (kib < 200 || kib > 900) continue;
            const u65sim::Report report = oracle.estimate(residual(height, width, channels));
            const double elements = static_cast<double>(height) * width * channels;
            points.push_back({height, width, channels, kib, report.latency_ms() * 1e6 / elements,
                              report.spills.size()});
            std::printf("%6d %5d %8d %8.0f %11.2f %6zu\n", height, width, channels, kib,
                        points.back().ns_an_element, points.back().spills);
        }
    }
    if (count > 1) {
        std::ofstream file{arguments[1]};
        file << plot(points);
        if (!file.flush()) {
            std::fprintf(stderr, "%s: cannot be written\n", arguments[1]);
            return 1;
        }
    }
}
