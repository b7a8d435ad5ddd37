// An evolutionary search for the network with the most multiplications in a millisecond, which
// needs nothing but shapes: weights are modelled. MACs turn out to be the wrong measure of time.
// Effort quick leads the search; simulations settle who has won, and say how few it took.
//   090-search-under-a-latency [generations] [population]
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <u65sim/error.hpp>
#include <u65sim/graph_builder.hpp>
#include <u65sim/oracle.hpp>

namespace {

using namespace u65sim;

constexpr double budget_ms = 1.0;
constexpr int stages = 4;

/// A MobileNet-like network for 32 x 32 images, as the search sees it.
struct Genes {
    std::int32_t resolution = 32, stem = 16;
    struct Stage {
        std::int32_t channels = 32, blocks = 2, kernel = 3, expansion = 4;
        bool fused = false;  ///< one full convolution instead of 1x1 and depthwise
    };
    std::array<Stage, stages> stage;
};

Graph build(const Genes& genes) {
    GraphBuilder net{"candidate", {{.modelled = true}}};
    Value x = net.input({1, genes.resolution, genes.resolution, 3});
    x = net.conv2d(x, genes.stem, Window::square(3), {.activation = Activation::relu6});
    for (int s = 0; s < stages; ++s) {
        const Genes::Stage& stage = genes.stage[static_cast<std::size_t>(s)];
        for (std::int32_t b = 0; b < stage.blocks; ++b) {
            const std::int32_t stride = b == 0 && s > 0 ? 2 : 1;
            const std::int32_t wide = net.shape(x)[3] * stage.expansion;
            const Window window = Window::square(stage.kernel, stride);
            Value y = x;
            if (stage.fused) {
                y = net.conv2d(y, wide, window, {.activation = Activation::relu6});
            } else {
                y = net.conv2d(y, wide, Window::square(1), {.activation = Activation::relu6});
                y = net.depthwise_conv2d(y, window, {.activation = Activation::relu6});
            }
            y = net.conv2d(y, stage.channels, Window::square(1));
            x = net.shape(x) == net.shape(y) ? net.add(x, y) : y;
        }
    }
    const Shape image = net.shape(x);
    x = net.average_pool(x, {image[1], image[2], 1, 1, 1, 1, Padding::valid});
    net.output(net.fully_connected(net.reshape(x, {1, -1}), 100));
    return net.build();
}

/// MobileNetV1 for 32 x 32 images, all channels scaled.
Graph mobilenet_v1(double width) {
    const auto scaled = [&](int channels) {
        return std::max(8, 8 * static_cast<std::int32_t>(channels * width / 8 + 0.5));
    };
    constexpr std::array channels{64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024};
    constexpr std::array strides{1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1};
    GraphBuilder net{"mobilenet_v1", {{.modelled = true}}};
    Value x = net.input({1, 32, 32, 3});
    x = net.conv2d(x, scaled(32), Window::square(3), {.activation = Activation::relu});
    for (std::size_t i = 0; i < channels.size(); ++i) {
        x = net.depthwise_conv2d(x, Window::square(3, strides[i]),
                                 {.activation = Activation::relu});
        x = net.conv2d(x, scaled(channels[i]), Window::square(1), {.activation = Activation::relu});
    }
    const Shape image = net.shape(x);
    x = net.average_pool(x, {image[1], image[2], 1, 1, 1, 1, Padding::valid});
    net.output(net.fully_connected(net.reshape(x, {1, -1}), 100));
    return net.build();
}

class Dice {
public:
    template <std::size_t count>
    std::int32_t pick(const std::array<std::int32_t, count>& values) {
        return values[random_() % count];
    }
    bool one_in(std::uint32_t times) { return random_() % times == 0; }
    std::size_t below(std::size_t limit) { return random_() % limit; }

private:
    std::mt19937 random_{2024};
};

/// Changes about a third of the genes; all of them for a first generation.
Genes mutate(Genes genes, Dice& dice, bool all = false) {
    const auto now = [&] { return all || dice.one_in(3); };
    if (now()) genes.resolution = dice.pick<3>({24, 32, 48});
    if (now()) genes.stem = dice.pick<4>({8, 16, 24, 32});
    for (std::size_t s = 0; s < stages; ++s) {
        Genes::Stage& stage = genes.stage[s];
        const auto base = static_cast<std::int32_t>(16 << s);
        if (now()) stage.channels = base * dice.pick<4>({1, 2, 3, 4}) / 2;
        if (now()) stage.blocks = dice.pick<4>({1, 2, 3, 4});
        if (now()) stage.kernel = dice.pick<2>({3, 5});
        if (now()) stage.expansion = dice.pick<4>({1, 2, 4, 6});
        if (now()) stage.fused = dice.one_in(2);
    }
    return genes;
}

struct Candidate {
    Genes genes;
    double ms = 0;
    double mmacs = 0;
    /// More MACs are better; networks over the budget come last, the slowest of them at the end.
    [[nodiscard]] double fitness() const { return ms < budget_ms ? mmacs : -ms; }
};

/// Latency to the right, MACs upwards; '*' for networks that no other beats in both.
void plot(const std::vector<Candidate>& all) {
    constexpr std::size_t width = 64;
    constexpr std::size_t height = 16;
    std::vector<std::string> rows(height, std::string(width, ' '));
    double top = 1;
    for (const Candidate& c : all) {
        if (c.ms < 2 * budget_ms) top = std::max(top, c.mmacs);
    }
    for (const Candidate& c : all) {
        if (c.ms >= 2 * budget_ms) continue;
        const bool beaten = std::any_of(all.begin(), all.end(), [&](const Candidate& other) {
            return other.ms < c.ms && other.mmacs > c.mmacs;
        });
        const auto column = static_cast<std::size_t>(c.ms / (2 * budget_ms) * (width - 1));
        const auto row = static_cast<std::size_t>(c.mmacs / top * (height - 1));
        char& place = rows[height - 1 - row][column];
        if (!beaten || place == ' ') place = beaten ? '.' : '*';
    }
    std::printf("\n%6.0f MMACs\n", top);
    for (const std::string& row : rows) std::printf("  |%s\n", row.c_str());
    std::printf("  +%s\n   0 ms%*.1f ms%*.1f ms\n", std::string(width, '-').c_str(), 26, budget_ms,
                28, 2 * budget_ms);
}

}  // namespace

int main(int argc, char** argv) {
    const int generations = argc > 1 ? std::atoi(argv[1]) : 5;
    const std::size_t population = argc > 2 ? static_cast<std::size_t>(std::atoi(argv[2])) : 24;
    const Target target = Target::preset("u65-256");
    Oracle oracle{target};
    OracleOptions by_rules;
    by_rules.effort = Effort::quick;
    Oracle quick{target, by_rules};

    // What MobileNetV1 makes of the budget.
    double baseline_mmacs = 0;
    double baseline_width = 0;
    double baseline_ms = 0;
    for (double width = 0.1; width < 3; width += 0.05) {
        const Report report = oracle.estimate(mobilenet_v1(width));
        if (report.latency_ms() >= budget_ms) break;
        baseline_mmacs = static_cast<double>(report.model.macs.count()) / 1e6;
        baseline_width = width;
        baseline_ms = report.latency_ms();
    }
    std::printf("MobileNetV1 x %.2f: %.1f MMACs in %.3f ms\n", baseline_width, baseline_mmacs,
                baseline_ms);

    Dice dice;
    std::vector<Candidate> parents;
    std::vector<Candidate> all;
    std::size_t rejected = 0;
    for (int generation = 0; generation < generations; ++generation) {
        std::vector<Candidate> children(population);
        std::vector<Graph> graphs;
        for (Candidate& child : children) {
            child.genes = parents.empty() ? mutate({}, dice, true)
                                          : mutate(parents[dice.below(parents.size())].genes, dice);
            graphs.push_back(build(child.genes));
        }
        BatchOptions how;
        how.progress = [&](std::size_t done) {
            const std::size_t bar = 40 * done / population;
            std::fprintf(stderr, "\rgeneration %2d [%-40s]", generation,
                         std::string(bar, '#').c_str());
            return true;
        };
        const std::vector<Answer> answers = quick.estimate_all(graphs, how);
        for (std::size_t i = 0; i < population; ++i) {
            try {
                const Report& report = answers[i].get();
                children[i].ms = report.latency_ms();
                children[i].mmacs = static_cast<double>(report.model.macs.count()) / 1e6;
                all.push_back(children[i]);
                parents.push_back(children[i]);
            } catch (const DoesNotFit&) {
                ++rejected;  // model and activations over 32 MiB
            }
        }
        std::sort(parents.begin(), parents.end(),
                  [](const Candidate& a, const Candidate& b) { return a.fitness() > b.fitness(); });
        if (parents.size() > population / 4) parents.resize(population / 4);
    }
    std::fprintf(stderr, "\n");
    plot(all);

    // The most MACs of all candidates that keep the budget when they are simulated.
    BestOptions options;
    options.budget_ms = budget_ms;
    for (const Candidate& c : all) options.scores.push_back(c.mmacs);
    const Best found = oracle.best_of(
        all.size(), [&](std::size_t i) { return build(all[i].genes); }, options);
    if (!found.index) {
        std::printf("nothing under %.2f ms\n", budget_ms);
        return 1;
    }
    const Candidate& best = all[*found.index];
    std::printf("best: %.1f MMACs in %.3f ms, %.2f times MobileNetV1's in the same time\n",
                best.mmacs, found.report->latency_ms(), best.mmacs / baseline_mmacs);
    std::printf("  %d x %d images, stem of %d\n", best.genes.resolution, best.genes.resolution,
                best.genes.stem);
    for (const Genes::Stage& stage : best.genes.stage) {
        std::printf("  %d x %s block, kernel %d, expansion %d, %d channels\n", stage.blocks,
                    stage.fused ? "fused" : "depthwise", stage.kernel, stage.expansion,
                    stage.channels);
    }
    std::printf(
        "%zu networks by effort quick, %zu too large; %zu of them simulated, of which %zu were "
        "outside of their interval\n",
        all.size(), rejected, found.exact_answers, found.misses);
}
