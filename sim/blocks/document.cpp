// Which block at which shape, as a page: what is said about latency on this NPU, held against runs.
#include <u65sim/blocks.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "report/chart.hpp"
#include "report/format.hpp"

namespace u65sim {

namespace {

using report::Chart;
using report::ChartSeries;
using report::grouped;
using report::readable;

using Progress = std::function<void(std::size_t, std::size_t)>;

const std::string depthwise_name = "inverted_bottleneck";
const std::string fused_name = "fused_inverted_bottleneck";

double ratio(const BlockPoint& a, const BlockPoint& b) {
    return static_cast<double>(a.cycles.count()) / static_cast<double>(b.cycles.count());
}

std::string millions(Macs macs) {
    return fmt::format("{:.2f}", static_cast<double>(macs.count()) / 1e6);
}

std::string point_title(const BlockPoint& point) {
    return fmt::format("{} at {}: {} cycles, {} M MACs, {:.4f} cycles a MAC, bound by {}",
                       point.block, to_string(point.shape), grouped(point.cycles.count()),
                       millions(point.macs), point.cycles_per_mac(), point.bound_by);
}

/// Rows of a study as a Markdown table.
std::string table(const std::vector<const BlockPoint*>& points) {
    std::string out =
        "| block | shape | MACs (M) | parameters | cycles | cycles a MAC | MAC use | SRAM traffic "
        "| "
        "DRAM traffic | spilled maps | bound by |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n";
    for (const BlockPoint* point : points) {
        out += fmt::format("| {} | {} | {} | {} | {} | {:.4f} | {:.1f} % | {} | {} | {} | {} |\n",
                           point->block, to_string(point->shape), millions(point->macs),
                           grouped(point->parameters), grouped(point->cycles.count()),
                           point->cycles_per_mac(), 100.0 * point->mac_utilization,
                           readable(point->sram_bytes), readable(point->dram_bytes), point->spills,
                           point->bound_by);
    }
    return out;
}

/// The points of one asked shape, fastest first.
std::vector<const BlockPoint*> by_time(const BlockStudy& study, const BlockShape& asked) {
    std::vector<const BlockPoint*> points;
    for (const BlockPoint& point : study.points) {
        if (point.asked == asked) points.push_back(&point);
    }
    std::stable_sort(points.begin(), points.end(), [](const BlockPoint* a, const BlockPoint* b) {
        return a->cycles < b->cycles;
    });
    return points;
}

/// The page while it is written: studies in, text and plots out.
class Document {
public:
    Document(const Target& target, Progress progress)
        : target_(target), progress_(std::move(progress)) {}

    std::vector<DocumentFile> write() {
        wide_ = study({}, block_sweep());
        const std::string macs = macs_and_latency();
        const std::string fused = fused_and_depthwise();
        const std::string leap = leap_past_the_arena();
        const std::string names = configuration_and_name();
        const std::string stairs = staircase();
        const std::string five = five_and_three();
        std::string page = fmt::format(
            "# Which block at which shape?\n\n"
            "Written by `u65sim blocks --document docs` (u65sim {}, target {}: {} MACs a cycle at "
            "{:g} MHz, {} of arena in fast memory). Blocks have stride 1 and equal input and "
            "output "
            "shape, int8, seeded weights; `u65sim blocks --list` says what each one is made of. "
            "*Inside* is the second of three equal blocks (`--inside`): its input and output are "
            "feature maps between operators. *Alone* is a network of that one block: its input and "
            "output are the network's, lie in off-chip memory and are not in the NPU's own layout. "
            "Where nothing is said, blocks are inside. Cycles are NPU cycles; MACs count pooling "
            "windows. Point at a mark of a plot for its figures.\n\n## In short\n\n"
            "| what is said | here |\n| --- | --- |\n",
            version(), target_.name, target_.peak_macs_per_cycle(),
            static_cast<double>(target_.accelerator.clock.count()) / 1e6,
            readable(target_.sram.size));
        for (const auto& [sentence, verdict] : verdicts_) {
            page += fmt::format("| {} | {} |\n", sentence, verdict);
        }
        page += '\n' + macs + fused + leap + names + stairs + five;
        files_.insert(files_.begin(), {"blocks.md", page});
        return std::move(files_);
    }

private:
    BlockStudy study(const std::vector<std::string>& blocks, const std::vector<BlockShape>& shapes,
                     BlockEqual equal = BlockEqual::shape, bool inside = true) {
        BlockStudyOptions options;
        options.inside = inside;
        options.blocks = blocks;
        options.shapes = shapes;
        options.equal = equal;
        options.progress = progress_;
        return study_blocks(target_, options);
    }
    std::string plot(const std::string& name, const Chart& plot) {
        files_.push_back({name, report::to_svg(plot)});
        return fmt::format("![{}]({})\n\n", plot.title, name);
    }
    void verdict(const std::string& sentence, const std::string& found) {
        verdicts_.emplace_back(sentence, found);
    }

    std::string macs_and_latency();
    std::string fused_and_depthwise();
    std::string leap_past_the_arena();
    std::string configuration_and_name();
    std::string staircase();
    std::string five_and_three();

    const Target& target_;
    Progress progress_;
    BlockStudy wide_;
    std::vector<std::pair<std::string, std::string>> verdicts_;
    std::vector<DocumentFile> files_;
};

std::string Document::macs_and_latency() {
    std::map<std::string, ChartSeries> series;
    const BlockPoint* cheap = nullptr;
    const BlockPoint* dear = nullptr;
    std::size_t pairs = 0, against = 0;
    for (const BlockPoint& point : wide_.points) {
        if (point.macs.count() == 0) continue;
        ChartSeries& marks = series[point.block];
        marks.name = point.block;
        marks.joined = false;
        marks.points.push_back({static_cast<double>(point.macs.count()) / 1e6,
                                static_cast<double>(point.cycles.count()), point_title(point)});
        if (cheap == nullptr || point.cycles_per_mac() < cheap->cycles_per_mac()) cheap = &point;
        if (dear == nullptr || point.cycles_per_mac() > dear->cycles_per_mac()) dear = &point;
        for (const BlockPoint& other : wide_.points) {
            if (&other == &point || !(other.asked == point.asked)) continue;
            if (other.macs <= point.macs) continue;
            ++pairs;
            if (other.cycles < point.cycles) ++against;
        }
    }
    Chart scatter{.title = "Cycles against MACs, every block at every shape",
                  .x_label = "MACs, millions",
                  .y_label = "NPU cycles",
                  .log_x = true,
                  .log_y = true};
    for (const ZooEntry& entry : block_list()) {
        if (series.contains(entry.name)) scatter.series.push_back(series[entry.name]);
    }
    const BlockShape asked{28, 28, 64};
    const BlockStudy alone = study({}, {asked}, BlockEqual::shape, false);
    const BlockStudy macs = study({}, {asked}, BlockEqual::macs);
    const BlockStudy parameters = study({}, {asked}, BlockEqual::parameters);
    const auto equal_macs = by_time(macs, asked);
    const auto equal_parameters = by_time(parameters, asked);
    const double share = 100.0 * static_cast<double>(against) / static_cast<double>(pairs);
    const double spread = ratio(*equal_macs.back(), *equal_macs.front());
    verdict(
        "FLOPs do not predict latency",
        fmt::format("{}: of {} pairs at equal shape, the block with fewer MACs is the slower one "
                    "in {:.0f} %; at equal MACs the slowest block takes {:.1f} times the "
                    "fastest",
                    spread > 1.5 ? "holds" : "does not hold",
                    grouped(static_cast<std::int64_t>(pairs)), share, spread));
    return "## MACs do not say how long a block takes\n\n" + plot("blocks-macs.svg", scatter) +
           fmt::format(
               "Over {} runs a MAC costs between {:.4f} cycles ({} at {}; the array's peak is "
               "{:.4f}) and {:.3f} cycles ({} at {}), {:.0f} times as much. Of {} pairs of blocks "
               "at "
               "equal shape, the one with fewer MACs is slower in {} ({:.1f} %).\n\n",
               grouped(static_cast<std::int64_t>(wide_.points.size())), cheap->cycles_per_mac(),
               cheap->block, to_string(cheap->shape),
               1.0 / static_cast<double>(target_.peak_macs_per_cycle()), dear->cycles_per_mac(),
               dear->block, to_string(dear->shape),
               dear->cycles_per_mac() / cheap->cycles_per_mac(),
               grouped(static_cast<std::int64_t>(pairs)),
               grouped(static_cast<std::int64_t>(against)), share) +
           fmt::format("At equal shape, {}:\n\n", to_string(asked)) + table(by_time(wide_, asked)) +
           "\nThe same blocks alone:\n\n" + table(by_time(alone, asked)) +
           fmt::format(
               "\nAt equal MACs, those of standard_3x3 at {} (channels chosen as multiples of "
               "eight; blocks that miss by more than a tenth, or would need more than 1024 "
               "channels, are left out):\n\n",
               to_string(asked)) +
           table(equal_macs) + "\nAt equal parameters, by the same rule:\n\n" +
           table(equal_parameters) + '\n';
}

/// Fused against depthwise blocks in one setting.
struct Race {
    std::vector<std::string> wins, ties, losses;
    double least_parameters = 1e9, most_parameters = 0, most_in_win = 0;
    std::string table;
    Chart plot;

    Race(const BlockStudy& both, const std::string& setting) {
        plot = {
            .title = fmt::format(
                "Fused over depthwise inverted bottleneck, {} (below 1: fused is faster)", setting),
            .x_label = "channels",
            .y_label = "cycles of fused / cycles of depthwise",
            .log_x = true};
        std::set<int> sides, channels;
        for (const BlockPoint& point : both.points) {
            sides.insert(point.asked.height);
            channels.insert(point.asked.channels);
        }
        table = "| height = width |";
        std::string rule = "| --- |";
        for (const int c : channels) {
            table += fmt::format(" {} |", c);
            rule += " ---: |";
        }
        table += '\n' + rule + '\n';
        for (const int side : sides) {
            ChartSeries series{.name = fmt::format("{0}x{0}", side), .points = {}};
            table += fmt::format("| {} |", side);
            for (const int c : channels) add(both, {side, side, c}, series);
            table += '\n';
            plot.series.push_back(series);
        }
    }

    void add(const BlockStudy& both, const BlockShape& shape, ChartSeries& series) {
        const BlockPoint* depthwise = both.find(depthwise_name, shape);
        const BlockPoint* fused = both.find(fused_name, shape);
        if (depthwise == nullptr || fused == nullptr) {
            table += " - |";
            return;
        }
        const double times = ratio(*fused, *depthwise);
        const double more =
            static_cast<double>(fused->parameters) / static_cast<double>(depthwise->parameters);
        least_parameters = std::min(least_parameters, more);
        most_parameters = std::max(most_parameters, more);
        series.points.push_back(
            {static_cast<double>(shape.channels), times,
             fmt::format("{}: fused {} cycles, depthwise {}; {:.1f} times the parameters",
                         to_string(shape), grouped(fused->cycles.count()),
                         grouped(depthwise->cycles.count()), more)});
        table += fmt::format(" {:.2f} |", times);
        auto& list = times < 0.95 ? wins : times <= 1.05 ? ties : losses;
        list.push_back(to_string(shape));
        if (times <= 1.05) most_in_win = std::max(most_in_win, more);
    }
    [[nodiscard]] std::size_t good() const { return wins.size() + ties.size(); }
    [[nodiscard]] std::size_t all() const { return good() + losses.size(); }
    [[nodiscard]] std::string lists() const {
        return fmt::format(
            "\n- Fused wins (by more than 5 %): {}.\n- They tie (within 5 %): {}.\n- Fused loses: "
            "{}.\n\n",
            names(wins), names(ties), names(losses));
    }
    static std::string names(const std::vector<std::string>& list) {
        std::string text;
        for (const std::string& each : list) text += (text.empty() ? "" : ", ") + each;
        return text.empty() ? std::string{"none"} : text;
    }
};

std::string Document::fused_and_depthwise() {
    std::vector<BlockShape> shapes;
    for (const std::int32_t side : {7, 14, 28, 56, 112}) {
        for (const std::int32_t c : {8, 16, 24, 32, 48, 64, 96, 128}) {
            shapes.push_back({side, side, c});
        }
    }
    const std::vector<std::string> both{depthwise_name, fused_name};
    const Race inside{study(both, shapes), "inside"};
    const Race alone{study(both, shapes, BlockEqual::shape, false), "alone"};
    verdict(
        "A fused inverted bottleneck can be as fast as a depthwise one with 7 times as many "
        "parameters",
        inside.good() + alone.good() > 0
            ? fmt::format(
                  "holds in kind: it is faster or equal at {} of {} shapes inside a network and "
                  "{} of {} alone, with up to {:.1f} times the parameters there (equal expansion "
                  "gives {:.1f} to {:.1f} times)",
                  inside.good(), inside.all(), alone.good(), alone.all(),
                  std::max(inside.most_in_win, alone.most_in_win), inside.least_parameters,
                  inside.most_parameters)
            : std::string{"does not hold at any shape tried"});
    return "## Fused against depthwise inverted bottleneck\n\n" +
           plot("blocks-fused.svg", inside.plot) +
           fmt::format(
               "Both expand six times; the fused block has {:.1f} to {:.1f} times the parameters. "
               "Cycles of the fused block over those of the depthwise one, by channels, inside a "
               "network:\n\n",
               inside.least_parameters, inside.most_parameters) +
           inside.table + inside.lists() + "Alone:\n\n" + alone.table + alone.lists();
}

std::string Document::leap_past_the_arena() {
    std::vector<BlockShape> shapes;
    for (std::int32_t side = 24; side <= 128; side += 4) shapes.push_back({side, side, 64});
    const std::vector<std::string> blocks{"basic_residual",      "inverted_bottleneck",
                                          "bottleneck_residual", "depthwise_separable",
                                          "standard_3x3",        "standard_1x1"};
    const BlockStudy sizes = study(blocks, shapes);
    Chart lines{.title = "Cycles an element of output, 64 channels, map growing",
                .x_label = "size of one feature map, KiB",
                .y_label = "NPU cycles an output element"};
    std::string rows, rising, flat;
    double most = 0;
    for (const std::string& name : blocks) {
        ChartSeries series{.name = name, .points = {}};
        const BlockPoint* first = nullptr;
        // Cycles and bytes of DRAM traffic an element, where nothing spills and where something
        // does.
        std::array<double, 2> cycles{}, bytes{};
        std::array<int, 2> count{};
        for (const BlockShape& shape : shapes) {
            const BlockPoint* point = sizes.find(name, shape);
            if (point == nullptr) continue;
            const double elements =
                static_cast<double>(shape.height) * shape.width * shape.channels;
            const double each = static_cast<double>(point->cycles.count()) / elements;
            series.points.push_back(
                {elements / 1024, each,
                 fmt::format("{}; {} spilled, {} over DRAM", point_title(*point), point->spills,
                             readable(point->dram_bytes))});
            const std::size_t spilled = point->spills > 0 ? 1 : 0;
            cycles[spilled] += each;
            bytes[spilled] += static_cast<double>(point->dram_bytes.count()) / elements;
            ++count[spilled];
            if (first == nullptr && spilled == 1) first = point;
        }
        lines.series.push_back(series);
        const bool known = count[0] > 0 && count[1] > 0;
        for (std::size_t i = 0; i < 2; ++i) {
            cycles[i] /= std::max(count[i], 1);
            bytes[i] /= std::max(count[i], 1);
        }
        const double change = known ? 100.0 * (cycles[1] / cycles[0] - 1) : 0.0;
        most = std::max(most, change);
        if (known) {
            std::string& list = change > 15.0 ? rising : flat;
            list += fmt::format("{}{} ({:+.0f} %)", list.empty() ? "" : ", ", name, change);
        }
        const auto shown = [&](const std::array<double, 2>& values, std::size_t i) {
            return count[i] > 0 ? fmt::format("{:.3f}", values[i]) : std::string{"-"};
        };
        rows += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", name,
                            first != nullptr ? to_string(first->shape) : "none", shown(cycles, 0),
                            shown(cycles, 1), known ? fmt::format("{:+.0f} %", change) : "-",
                            shown(bytes, 0), shown(bytes, 1));
    }
    verdict(fmt::format("When the activations outgrow {}, DRAM is used and latency rises steeply",
                        readable(target_.sram.size)),
            fmt::format("{}: cycles an element where maps spill against where none does: {}{}{}",
                        rising.empty() ? "does not hold"
                        : flat.empty() ? "holds"
                                       : "holds for some blocks",
                        rising, rising.empty() || flat.empty() ? "" : "; but ", flat));
    return fmt::format("## Past {} of activations\n\n", readable(target_.sram.size)) +
           plot("blocks-arena.svg", lines) +
           fmt::format(
               "One feature map of 64 channels is {} at 78x78. A block needs its input, its output "
               "and what lies between at once, so maps spill before; cascades (runs of operators a "
               "few rows at a time) keep them from it where that pays. What computes much on every "
               "byte hides the traffic behind the MAC array.\n\n"
               "| block | first spill at | cycles an element, nothing spilled | spilled | change | "
               "DRAM bytes an element, nothing spilled | spilled |\n"
               "| --- | --- | ---: | ---: | ---: | ---: | ---: |\n",
               readable(Bytes{78 * 78 * 64})) +
           rows + '\n';
}

std::string Document::configuration_and_name() {
    std::map<std::string, std::vector<std::string>> fastest, slowest;
    std::map<std::string, std::pair<double, double>> range;
    for (const BlockShape& shape : block_sweep()) {
        std::vector<const BlockPoint*> residual;
        for (const BlockPoint* point : by_time(wide_, shape)) {
            if (point->block.find("bottleneck") != std::string::npos ||
                point->block.find("residual") != std::string::npos) {
                residual.push_back(point);
            }
        }
        if (residual.empty()) continue;
        fastest[residual.front()->block].push_back(to_string(shape));
        slowest[residual.back()->block].push_back(to_string(shape));
    }
    for (const BlockPoint& point : wide_.points) {
        if (point.macs.count() == 0) continue;
        auto [at, is_new] =
            range.try_emplace(point.block, point.cycles_per_mac(), point.cycles_per_mac());
        at->second.first = std::min(at->second.first, point.cycles_per_mac());
        at->second.second = std::max(at->second.second, point.cycles_per_mac());
    }
    std::string rows;
    double widest = 0;
    std::string widest_name;
    for (const auto& [name, ends] : range) {
        const double times = ends.second / ends.first;
        if (times > widest) {
            widest = times;
            widest_name = name;
        }
        rows += fmt::format("| {} | {:.4f} | {:.4f} | {:.1f} |\n", name, ends.first, ends.second,
                            times);
    }
    const auto ranks = [](const std::map<std::string, std::vector<std::string>>& places) {
        std::string text;
        for (const auto& [name, shapes] : places) {
            text += fmt::format("- {}: {} ({}{})\n", name, shapes.size(), shapes.front(),
                                shapes.size() > 1 ? " to " + shapes.back() : "");
        }
        return text;
    };
    // Two blocks change places when each is faster than the other at some shape.
    std::set<std::pair<std::string, std::string>> faster;
    for (const BlockPoint& a : wide_.points) {
        for (const BlockPoint& b : wide_.points) {
            if (a.asked == b.asked && a.cycles < b.cycles) faster.insert({a.block, b.block});
        }
    }
    std::size_t swapping = 0;
    for (const auto& [a, b] : faster) swapping += a < b && faster.contains({b, a}) ? 1 : 0;
    const std::size_t names = block_list().size();
    verdict("A block's latency depends on its configuration, not on its name",
            fmt::format("holds in part: {} of {} pairs of blocks change places over the sweep, the "
                        "others never do; a MAC of one block ({}) costs up to {:.0f} times as much "
                        "at one shape as at another",
                        swapping, names * (names - 1) / 2, widest_name, widest));
    return "## Configuration, not name\n\nCycles a MAC over the sweep of shapes:\n\n"
           "| block | least | most | ratio |\n| --- | ---: | ---: | ---: |\n" +
           rows + "\nFastest bottleneck or residual block, by number of shapes:\n\n" +
           ranks(fastest) + "\nSlowest:\n\n" + ranks(slowest) + '\n';
}

std::string Document::staircase() {
    std::vector<BlockShape> shapes;
    for (std::int32_t c = 4; c <= 144; c += 4) shapes.push_back({28, 28, c});
    const std::vector<std::string> blocks{"standard_1x1", "standard_3x3", "depthwise"};
    const BlockStudy steps = study(blocks, shapes);
    Chart lines{.title = "Cycles over channels at 28x28, inside",
                .x_label = "channels",
                .y_label = "NPU cycles",
                .log_y = true};
    for (const std::string& name : blocks) {
        ChartSeries series{.name = name, .points = {}};
        for (const BlockShape& shape : shapes) {
            if (const BlockPoint* point = steps.find(name, shape)) {
                series.points.push_back({static_cast<double>(shape.channels),
                                         static_cast<double>(point->cycles.count()),
                                         point_title(*point)});
            }
        }
        lines.series.push_back(series);
    }
    // A step up: one channel group more than a full one.
    std::string rows;
    double sum_at = 0, sum_beyond = 0;
    int count = 0;
    for (const std::int32_t c : {16, 32, 48, 64, 80, 96, 112, 128}) {
        const BlockPoint* at = steps.find("standard_3x3", {28, 28, c});
        const BlockPoint* beyond = steps.find("standard_3x3", {28, 28, c + 4});
        const BlockPoint* below = steps.find("standard_3x3", {28, 28, c - 4});
        if (at == nullptr || beyond == nullptr || below == nullptr) continue;
        rows += fmt::format("| {} | {} | {} | {} | {:+.1f} % | {:+.1f} % |\n", c,
                            grouped(below->cycles.count()), grouped(at->cycles.count()),
                            grouped(beyond->cycles.count()), 100.0 * (ratio(*at, *below) - 1),
                            100.0 * (ratio(*beyond, *at) - 1));
        sum_at += 100.0 * (ratio(*at, *below) - 1);
        sum_beyond += 100.0 * (ratio(*beyond, *at) - 1);
        ++count;
    }
    sum_at /= std::max(count, 1);
    sum_beyond /= std::max(count, 1);
    verdict(
        "Latency climbs a staircase of channels",
        fmt::format("{}: at 28x28 and 3x3, four channels up to a multiple of 16 cost {:+.1f} % on "
                    "average, four beyond it {:+.1f} %",
                    sum_beyond > 2 * std::max(sum_at, 0.0) ? "holds" : "does not hold", sum_at,
                    sum_beyond));
    return "## The staircase of channels\n\n" + plot("blocks-channels.svg", lines) +
           "Convolution 3x3 at 28x28 around multiples of 16 channels:\n\n"
           "| channels c | cycles at c - 4 | at c | at c + 4 | up to c | beyond c |\n"
           "| ---: | ---: | ---: | ---: | ---: | ---: |\n" +
           rows + '\n';
}

std::string Document::five_and_three() {
    Chart scatter{.title = "5x5 over 3x3 convolution at equal shape (MACs: 2.78)",
                  .x_label = "MACs of the 3x3 convolution, millions",
                  .y_label = "cycles of 5x5 / cycles of 3x3",
                  .log_x = true};
    std::map<std::int32_t, ChartSeries> series;
    const BlockPoint* least = nullptr;
    const BlockPoint* most = nullptr;
    double least_ratio = 1e9, most_ratio = 0;
    std::vector<double> ratios;
    for (const BlockShape& shape : block_sweep()) {
        const BlockPoint* three = wide_.find("standard_3x3", shape);
        const BlockPoint* five = wide_.find("standard_5x5", shape);
        if (three == nullptr || five == nullptr) continue;
        const double times = ratio(*five, *three);
        ratios.push_back(times);
        if (times < least_ratio) {
            least_ratio = times;
            least = five;
        }
        if (times > most_ratio) {
            most_ratio = times;
            most = five;
        }
        ChartSeries& marks = series[shape.channels];
        marks.name = fmt::format("{} channels", shape.channels);
        marks.joined = false;
        marks.points.push_back(
            {static_cast<double>(three->macs.count()) / 1e6, times,
             fmt::format("{}: 5x5 {} cycles, 3x3 {}: {:.2f} times", to_string(shape),
                         grouped(five->cycles.count()), grouped(three->cycles.count()), times)});
    }
    for (auto& [channels, each] : series) scatter.series.push_back(std::move(each));
    std::sort(ratios.begin(), ratios.end());
    const double median = ratios[ratios.size() / 2];
    verdict(
        "5x5 against 3x3",
        fmt::format("costs {:.2f} to {:.2f} times as many cycles (median {:.2f}) for 2.78 times "
                    "the MACs",
                    least_ratio, most_ratio, median));
    return "## 5x5 against 3x3\n\n" + plot("blocks-5x5.svg", scatter) +
           fmt::format(
               "A 5x5 convolution has 2.78 times the MACs and weights of a 3x3 one. It takes "
               "{:.2f} "
               "times the cycles at least ({}) and {:.2f} times at most ({}), {:.2f} in the "
               "median.\n",
               least_ratio, to_string(least->shape), most_ratio, to_string(most->shape), median);
}

}  // namespace

std::vector<DocumentFile> document_blocks(const Target& target, const Progress& progress) {
    return Document{target, progress}.write();
}

}  // namespace u65sim
