// A 5x5 against a 3x3 convolution.
#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "blocks/section.hpp"
#include "report/format.hpp"

namespace u65sim::blocks {
namespace {

using report::grouped;

/// Cycles of 5x5 over those of 3x3 at one shape.
struct Ratio {
    double times = 0;
    const BlockPoint* three = nullptr;
    const BlockPoint* five = nullptr;
};

std::vector<Ratio> ratios_of(const BlockStudy& wide) {
    std::vector<Ratio> ratios;
    for (const BlockShape& shape : block_sweep()) {
        const BlockPoint* three = wide.find("standard_3x3", shape);
        const BlockPoint* five = wide.find("standard_5x5", shape);
        if (three == nullptr || five == nullptr) continue;
        ratios.push_back({ratio(*five, *three), three, five});
    }
    return ratios;
}

report::Chart chart_of(const std::vector<Ratio>& ratios) {
    report::Chart chart{.title = "5x5 over 3x3 convolution at equal shape (MACs: 2.78)",
                        .x_label = "MACs of the 3x3 convolution, millions",
                        .y_label = "cycles of 5x5 / cycles of 3x3",
                        .log_x = true};
    std::map<std::int32_t, report::ChartSeries> series;
    for (const auto& [times, three, five] : ratios) {
        const BlockShape& shape = three->asked;
        report::ChartSeries& marks = series[shape.channels];
        marks.name = fmt::format("{} channels", shape.channels);
        marks.joined = false;
        marks.points.push_back(
            {millions(three->macs), times,
             fmt::format("{}: 5x5 {} cycles, 3x3 {}: {:.2f} times", to_string(shape),
                         grouped(five->cycles.count()), grouped(three->cycles.count()), times)});
    }
    for (auto& [channels, each] : series) chart.series.push_back(std::move(each));
    return chart;
}

}  // namespace

Section windows_section(const Source& source) {
    std::vector<Ratio> ratios = ratios_of(source.wide);
    Section section;
    const std::string plot = section.add_plot("blocks-5x5.svg", chart_of(ratios));
    std::stable_sort(ratios.begin(), ratios.end(),
                     [](const Ratio& a, const Ratio& b) { return a.times < b.times; });
    const Ratio& least = ratios.front();
    const Ratio& most = *std::find_if(ratios.begin(), ratios.end(), [&](const Ratio& each) {
        return each.times == ratios.back().times;
    });
    const double median = ratios[ratios.size() / 2].times;
    section.claim = texts().fill("windows claim", fmt::arg("least", least.times),
                                 fmt::arg("most", most.times), fmt::arg("median", median));
    section.text = texts().fill(
        "windows", fmt::arg("plot", plot), fmt::arg("least", least.times),
        fmt::arg("least_shape", to_string(least.five->shape)), fmt::arg("most", most.times),
        fmt::arg("most_shape", to_string(most.five->shape)), fmt::arg("median", median));
    return section;
}

}  // namespace u65sim::blocks
