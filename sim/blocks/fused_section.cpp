// The fused against the depthwise inverted bottleneck.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "blocks/section.hpp"
#include "report/format.hpp"

namespace u65sim::blocks {
namespace {

using report::grouped;

const std::string depthwise_name = "inverted_bottleneck";
const std::string fused_name = "fused_inverted_bottleneck";

/// Cycles of one over the other that still count as equal.
constexpr double tie = 0.05;

/// Both blocks in one setting.
class Comparison {
public:
    Comparison(const BlockStudy& both, const std::string& setting) {
        chart_ = {.title = texts().fill("fused plot", fmt::arg("setting", setting)),
                  .x_label = "channels",
                  .y_label = "cycles of fused / cycles of depthwise",
                  .log_x = true};
        std::set<int> sides, channels;
        for (const BlockPoint& point : both.points) {
            sides.insert(point.asked.height);
            channels.insert(point.asked.channels);
        }
        table_ = "| height = width |";
        std::string rule = "| --- |";
        for (const int c : channels) {
            table_ += fmt::format(" {} |", c);
            rule += " ---: |";
        }
        table_ += '\n' + rule + '\n';
        for (const int side : sides) {
            report::ChartSeries series{.name = fmt::format("{0}x{0}", side), .points = {}};
            table_ += fmt::format("| {} |", side);
            for (const int c : channels) add(both, {side, side, c}, series);
            table_ += '\n';
            chart_.series.push_back(series);
        }
    }

    [[nodiscard]] std::size_t good() const { return wins_.size() + ties_.size(); }
    [[nodiscard]] std::size_t all() const { return good() + losses_.size(); }
    /// Parameters of the fused block over those of the depthwise one.
    [[nodiscard]] double least_parameters() const { return least_parameters_; }
    [[nodiscard]] double most_parameters() const { return most_parameters_; }
    /// The most where it is not slower.
    [[nodiscard]] double most_in_win() const { return most_in_win_; }
    [[nodiscard]] const report::Chart& chart() const { return chart_; }
    [[nodiscard]] std::string text() const {
        return texts().fill("fused comparison", fmt::arg("table", table_),
                            fmt::arg("wins", names(wins_)), fmt::arg("ties", names(ties_)),
                            fmt::arg("losses", names(losses_)));
    }

private:
    void add(const BlockStudy& both, const BlockShape& shape, report::ChartSeries& series) {
        const BlockPoint* depthwise = both.find(depthwise_name, shape);
        const BlockPoint* fused = both.find(fused_name, shape);
        if (depthwise == nullptr || fused == nullptr) {
            table_ += " - |";
            return;
        }
        const double times = ratio(*fused, *depthwise);
        const double more =
            static_cast<double>(fused->parameters) / static_cast<double>(depthwise->parameters);
        least_parameters_ = std::min(least_parameters_, more);
        most_parameters_ = std::max(most_parameters_, more);
        series.points.push_back(
            {static_cast<double>(shape.channels), times,
             fmt::format("{}: fused {} cycles, depthwise {}; {:.1f} times the parameters",
                         to_string(shape), grouped(fused->cycles.count()),
                         grouped(depthwise->cycles.count()), more)});
        table_ += fmt::format(" {:.2f} |", times);
        const bool slower = times > 1 + tie;
        auto& list = times < 1 - tie ? wins_ : slower ? losses_ : ties_;
        list.push_back(to_string(shape));
        if (!slower) most_in_win_ = std::max(most_in_win_, more);
    }

    static std::string names(const std::vector<std::string>& list) {
        return list.empty() ? "none" : fmt::format("{}", fmt::join(list, ", "));
    }

    std::vector<std::string> wins_, ties_, losses_;
    double least_parameters_ = 1e9, most_parameters_ = 0, most_in_win_ = 0;
    std::string table_;
    report::Chart chart_;
};

}  // namespace

Section fused_section(const Source& source) {
    std::vector<BlockShape> shapes;
    for (const std::int32_t side : {7, 14, 28, 56, 112}) {
        for (const std::int32_t c : {8, 16, 24, 32, 48, 64, 96, 128}) {
            shapes.push_back({side, side, c});
        }
    }
    const std::vector<std::string> both{depthwise_name, fused_name};
    const Comparison inside{source.study(both, shapes), "inside"};
    const Comparison alone{source.study(both, shapes, BlockEqual::shape, false), "alone"};
    Section section;
    section.claim =
        inside.good() + alone.good() == 0
            ? texts().fill("fused claim fails")
            : texts().fill(
                  "fused claim", fmt::arg("inside_good", inside.good()),
                  fmt::arg("inside_all", inside.all()), fmt::arg("alone_good", alone.good()),
                  fmt::arg("alone_all", alone.all()),
                  fmt::arg("most_in_win", std::max(inside.most_in_win(), alone.most_in_win())),
                  fmt::arg("least_parameters", inside.least_parameters()),
                  fmt::arg("most_parameters", inside.most_parameters()));
    section.text = texts().fill(
        "fused", fmt::arg("plot", section.add_plot("blocks-fused.svg", inside.chart())),
        fmt::arg("least_parameters", inside.least_parameters()),
        fmt::arg("most_parameters", inside.most_parameters()), fmt::arg("inside", inside.text()),
        fmt::arg("alone", alone.text()));
    return section;
}

}  // namespace u65sim::blocks
