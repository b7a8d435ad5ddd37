// MACs against latency: every block at every shape.
#include <cstddef>
#include <map>

#include <fmt/format.h>

#include "blocks/section.hpp"
#include "report/format.hpp"

namespace u65sim::blocks {
namespace {

using report::grouped;

/// Pairs of blocks at equal shape, and those where the one with fewer MACs takes longer.
struct Pairs {
    std::int64_t all = 0, against = 0;
};

Pairs count_pairs(const BlockStudy& wide) {
    Pairs pairs;
    for (const BlockPoint& point : wide.points) {
        if (point.macs.count() == 0) continue;
        for (const BlockPoint& other : wide.points) {
            if (&other == &point || !(other.asked == point.asked)) continue;
            if (other.macs <= point.macs) continue;
            ++pairs.all;
            if (other.cycles < point.cycles) ++pairs.against;
        }
    }
    return pairs;
}

report::Chart scatter(const BlockStudy& wide) {
    std::map<std::string, report::ChartSeries> series;
    for (const BlockPoint& point : wide.points) {
        if (point.macs.count() == 0) continue;
        report::ChartSeries& marks = series[point.block];
        marks.name = point.block;
        marks.joined = false;
        marks.points.push_back(
            {millions(point.macs), static_cast<double>(point.cycles.count()), point_title(point)});
    }
    report::Chart chart{.title = "Cycles against MACs, every block at every shape",
                        .x_label = "MACs, millions",
                        .y_label = "NPU cycles",
                        .log_x = true,
                        .log_y = true};
    for (const ZooEntry& entry : block_list()) {
        if (series.contains(entry.name)) chart.series.push_back(series[entry.name]);
    }
    return chart;
}

}  // namespace

Section macs_section(const Source& source) {
    const BlockStudy& wide = source.wide;
    const BlockPoint* least = nullptr;
    const BlockPoint* most = nullptr;
    for (const BlockPoint& point : wide.points) {
        if (point.macs.count() == 0) continue;
        if (least == nullptr || point.cycles_per_mac() < least->cycles_per_mac()) least = &point;
        if (most == nullptr || point.cycles_per_mac() > most->cycles_per_mac()) most = &point;
    }
    const Pairs pairs = count_pairs(wide);
    const BlockShape asked{28, 28, 64};
    const BlockStudy alone = source.study({}, {asked}, BlockEqual::shape, false);
    const BlockStudy macs = source.study({}, {asked}, BlockEqual::macs);
    const BlockStudy parameters = source.study({}, {asked}, BlockEqual::parameters);
    const auto equal_macs = by_time(macs, asked);
    const double share =
        100.0 * static_cast<double>(pairs.against) / static_cast<double>(pairs.all);
    const double spread = ratio(*equal_macs.back(), *equal_macs.front());
    Section section;
    section.claim = texts().fill("macs claim", fmt::arg("held", held(spread > 1.5)),
                                 fmt::arg("pairs", grouped(pairs.all)), fmt::arg("share", share),
                                 fmt::arg("spread", spread));
    section.text = texts().fill(
        "macs", fmt::arg("plot", section.add_plot("blocks-macs.svg", scatter(wide))),
        fmt::arg("runs", grouped(static_cast<std::int64_t>(wide.points.size()))),
        fmt::arg("least", least->cycles_per_mac()), fmt::arg("least_block", least->block),
        fmt::arg("least_shape", to_string(least->shape)),
        fmt::arg("peak", 1.0 / static_cast<double>(source.target.peak_macs_per_cycle())),
        fmt::arg("most", most->cycles_per_mac()), fmt::arg("most_block", most->block),
        fmt::arg("most_shape", to_string(most->shape)),
        fmt::arg("ratio", most->cycles_per_mac() / least->cycles_per_mac()),
        fmt::arg("pairs", grouped(pairs.all)), fmt::arg("against", grouped(pairs.against)),
        fmt::arg("share", share), fmt::arg("shape", to_string(asked)),
        fmt::arg("inside", table(by_time(wide, asked))),
        fmt::arg("alone", table(by_time(alone, asked))), fmt::arg("equal_macs", table(equal_macs)),
        fmt::arg("equal_parameters", table(by_time(parameters, asked))));
    return section;
}

}  // namespace u65sim::blocks
