// Structured pruning of ResNet50 to a latency: whole output channels go, from the layers where a
// channel buys most time.
//   060-prune-to-a-latency [share of the latency to keep]
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <u65sim/graph_builder.hpp>
#include <u65sim/oracle.hpp>

namespace {

using namespace u65sim;

constexpr std::array<std::int32_t, 4> blocks{3, 4, 6, 3};
/// Inner channels of every bottleneck, the ones that nobody else depends on.
using Widths = std::vector<std::int32_t>;

Graph resnet50(const Widths& widths) {
    GraphBuilder net{"resnet50", {{.modelled = true}}};
    Value x = net.input({1, 32, 32, 3});
    x = net.conv2d(x, 64, Window::square(3), {.activation = Activation::relu});
    std::size_t inner = 0;
    for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
        const auto outputs = static_cast<std::int32_t>(256 << stage);
        for (std::int32_t b = 0; b < blocks[stage]; ++b, ++inner) {
            const std::int32_t stride = b == 0 && stage > 0 ? 2 : 1;
            Value y =
                net.conv2d(x, widths[inner], Window::square(1), {.activation = Activation::relu});
            y = net.conv2d(y, widths[inner], Window::square(3, stride),
                           {.activation = Activation::relu});
            y = net.conv2d(y, outputs, Window::square(1));
            if (b == 0) x = net.conv2d(x, outputs, Window::square(1, stride));
            x = net.add(x, y, {.activation = Activation::relu});
        }
    }
    const Shape image = net.shape(x);
    x = net.average_pool(x, {image[1], image[2], 1, 1, 1, 1, Padding::valid});
    net.output(net.fully_connected(net.reshape(x, {1, -1}), 100));
    return net.build();
}

}  // namespace

int main(int argc, char** argv) {
    const double keep = argc > 1 ? std::atof(argv[1]) : 0.85;
    Oracle oracle{Target::preset("u65-256")};
    Widths widths;
    for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
        widths.insert(widths.end(), static_cast<std::size_t>(blocks[stage]),
                      static_cast<std::int32_t>(64 << stage));
    }
    const Widths whole = widths;
    Report now = oracle.estimate(resnet50(widths));
    const double start = now.latency_ms();
    const double wanted = keep * start;
    std::printf("whole:  %7.3f ms, %6.1f MMACs; wanted %.3f ms\n", start,
                static_cast<double>(now.model.macs.count()) / 1e6, wanted);

    int steps = 0;
    while (now.latency_ms() > wanted) {
        // Every layer a step narrower, one at a time; a step is an eighth of what it had.
        std::vector<Graph> trials;
        std::vector<std::size_t> layers;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            if (widths[i] <= whole[i] / 4) continue;
            Widths narrower = widths;
            narrower[i] -= whole[i] / 8;
            trials.push_back(resnet50(narrower));
            layers.push_back(i);
        }
        if (trials.empty()) break;
        const std::vector<Answer> answers = oracle.estimate_all(trials);
        // The most time for the smallest share of the network's multiplications.
        std::size_t best = 0;
        double best_gain = -1;
        for (std::size_t i = 0; i < trials.size(); ++i) {
            const Report& then = answers[i].get();
            const double macs = static_cast<double>((now.model.macs - then.model.macs).count());
            const double gain = (now.latency_ms() - then.latency_ms()) / std::max(macs, 1.0);
            if (gain > best_gain) {
                best_gain = gain;
                best = i;
            }
        }
        if (best_gain <= 0) break;
        widths[layers[best]] -= whole[layers[best]] / 8;
        now = answers[best].get();
        ++steps;
    }
    std::printf("pruned: %7.3f ms, %6.1f MMACs after %d steps\n", now.latency_ms(),
                static_cast<double>(now.model.macs.count()) / 1e6, steps);
    for (std::size_t i = 0; i < widths.size(); ++i) {
        if (widths[i] != whole[i]) {
            std::printf("  bottleneck %2zu: %3d of %3d channels\n", i + 1, widths[i], whole[i]);
        }
    }
    const OracleStatistics statistics = oracle.statistics();
    std::printf("%llu queries, %llu of them known\n",
                static_cast<unsigned long long>(statistics.queries),
                static_cast<unsigned long long>(statistics.hits));
    return now.latency_ms() <= wanted ? 0 : 1;
}
