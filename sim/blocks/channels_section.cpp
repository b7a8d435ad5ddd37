// Latency over the number of channels: steps of channel groups.
#include <algorithm>

#include <fmt/format.h>

#include "blocks/section.hpp"
#include "report/format.hpp"

namespace u65sim::blocks {
namespace {

using report::grouped;

report::Chart chart_of(const BlockStudy& steps, const std::vector<std::string>& blocks,
                       const std::vector<BlockShape>& shapes) {
    report::Chart chart{.title = "Cycles over channels at 28x28, inside",
                        .x_label = "channels",
                        .y_label = "NPU cycles",
                        .log_y = true};
    for (const std::string& name : blocks) {
        report::ChartSeries series{.name = name, .points = {}};
        for (const BlockShape& shape : shapes) {
            if (const BlockPoint* point = steps.find(name, shape)) {
                series.points.push_back({static_cast<double>(shape.channels),
                                         static_cast<double>(point->cycles.count()),
                                         point_title(*point)});
            }
        }
        chart.series.push_back(series);
    }
    return chart;
}

/// Around multiples of 16 channels: mean changes of the cycles, in percent, with the last four
/// channels up to a multiple and with the first four beyond it.
struct Steps {
    std::string rows;
    double up_to = 0, beyond = 0;
};

Steps measure_steps(const BlockStudy& study) {
    Steps steps;
    int count = 0;
    for (const std::int32_t c : {16, 32, 48, 64, 80, 96, 112, 128}) {
        const BlockPoint* at = study.find("standard_3x3", {28, 28, c});
        const BlockPoint* beyond = study.find("standard_3x3", {28, 28, c + 4});
        const BlockPoint* below = study.find("standard_3x3", {28, 28, c - 4});
        if (at == nullptr || beyond == nullptr || below == nullptr) continue;
        const double up_to = 100.0 * (ratio(*at, *below) - 1);
        const double further = 100.0 * (ratio(*beyond, *at) - 1);
        steps.rows += fmt::format("| {} | {} | {} | {} | {:+.1f} % | {:+.1f} % |\n", c,
                                  grouped(below->cycles.count()), grouped(at->cycles.count()),
                                  grouped(beyond->cycles.count()), up_to, further);
        steps.up_to += up_to;
        steps.beyond += further;
        ++count;
    }
    steps.up_to /= std::max(count, 1);
    steps.beyond /= std::max(count, 1);
    return steps;
}

}  // namespace

Section channels_section(const Source& source) {
    std::vector<BlockShape> shapes;
    for (std::int32_t c = 4; c <= 144; c += 4) shapes.push_back({28, 28, c});
    const std::vector<std::string> blocks{"standard_1x1", "standard_3x3", "depthwise"};
    const BlockStudy study = source.study(blocks, shapes);
    const Steps steps = measure_steps(study);
    Section section;
    section.claim = texts().fill(
        "channels claim", fmt::arg("held", held(steps.beyond > 2 * std::max(steps.up_to, 0.0))),
        fmt::arg("up_to", steps.up_to), fmt::arg("beyond", steps.beyond));
    section.text = texts().fill(
        "channels",
        fmt::arg("plot", section.add_plot("blocks-channels.svg", chart_of(study, blocks, shapes))),
        fmt::arg("rows", steps.rows));
    return section;
}

}  // namespace u65sim::blocks
