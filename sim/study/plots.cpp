// A study's plots.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "report/chart.hpp"
#include "study/plan.hpp"
#include "study/quantities.hpp"
#include "study/results.hpp"

namespace u65sim {
namespace {

using study::PlotRequest;

/// What a plot shows along x: a measure, numbers of a key, or its values as names.
class Horizontal {
public:
    Horizontal(const Study::Plan& plan, const std::vector<const StudyRow*>& rows,
               const std::string& name)
        : plan_(plan), name_(name) {
        const auto names = plan.measure_names();
        is_measure_ = std::find(names.begin(), names.end(), name) != names.end();
        if (is_measure_) return;
        bool numeric = true;
        bool bytes = false;
        for (const StudyRow* row : rows) {
            const auto value = study::setting_of(*row, name);
            if (!value) continue;
            numeric &= study::quantity(*value).has_value();
            bytes |= value->ends_with('B');
            if (std::find(categories_.begin(), categories_.end(), *value) == categories_.end()) {
                categories_.push_back(*value);
            }
        }
        if (numeric) categories_.clear();
        binary_ = numeric && bytes;
    }

    [[nodiscard]] std::optional<double> of(const StudyRow& row) const {
        if (is_measure_) return study::measure_of(plan_, row, name_);
        const auto value = study::setting_of(row, name_);
        if (!value) return std::nullopt;
        if (categories_.empty()) return study::quantity(*value);
        const auto found = std::find(categories_.begin(), categories_.end(), *value);
        return static_cast<double>(found - categories_.begin());
    }
    [[nodiscard]] const std::vector<std::string>& categories() const { return categories_; }
    [[nodiscard]] bool is_measure() const { return is_measure_; }
    [[nodiscard]] bool is_binary() const { return binary_; }

private:
    const Study::Plan& plan_;
    std::string name_;
    bool is_measure_ = false, binary_ = false;
    std::vector<std::string> categories_;
};

std::string with_unit(const std::string& measure) {
    const std::string unit = study::unit_of(measure);
    return unit.empty() || measure.ends_with(unit) ? measure
                                                   : fmt::format("{} [{}]", measure, unit);
}

/// Values of every axis but the plot's x: what tells one line from another.
std::string series_name(const PlotRequest& plot, const std::vector<std::string>& keys,
                        const StudyRow& row) {
    std::vector<std::string> others;
    for (const std::string& key : keys) {
        if (plot.series.empty() ? key != plot.x : key == plot.series) others.push_back(key);
    }
    return study::short_name(row, others);
}

report::Chart drawn(const StudyResults& results, const PlotRequest& plot) {
    const Study::Plan& plan = results.study.plan();
    const auto rows = study::main_rows(results);
    const auto front = results.pareto_front();
    const auto keys = study::varied_keys(plan);
    const Horizontal x{plan, rows, plot.x};
    report::Chart chart;
    chart.title = plot.title.empty() ? fmt::format("{} over {}", plot.y, plot.x) : plot.title;
    chart.x_label = x.is_measure() ? with_unit(plot.x) : plot.x;
    chart.y_label = with_unit(plot.y);
    chart.categories = x.categories();
    chart.log_x = plot.log_x;
    chart.log_y = plot.log_y;
    chart.binary_x = x.is_binary();
    for (const StudyRow* row : rows) {
        const auto at = x.of(*row);
        const auto height = study::measure_of(plan, *row, plot.y);
        if (!at || !height) continue;
        // Points of a measure over a measure are a cloud, which no line orders.
        const std::string name =
            x.is_measure() && plot.series.empty() ? "" : series_name(plot, keys, *row);
        auto series = std::find_if(chart.series.begin(), chart.series.end(),
                                   [&](const auto& each) { return each.name == name; });
        if (series == chart.series.end()) {
            chart.series.push_back({name, {}, !x.is_measure()});
            series = chart.series.end() - 1;
        }
        const bool on_front =
            !front.empty() && front[static_cast<std::size_t>(row - results.rows.data())];
        series->points.push_back(
            {*at, *height,
             fmt::format("{}\n{}: {}{}", study::point_name(*row, keys), plot.y,
                         study::figure(*height), on_front ? "\non the Pareto front" : ""),
             on_front});
    }
    if (x.categories().empty()) {
        for (auto& series : chart.series) {
            std::stable_sort(series.points.begin(), series.points.end(),
                             [](const auto& a, const auto& b) { return a.x < b.x; });
        }
    }
    if (plan.search) {
        const auto names = plan.measure_names();
        for (const study::Condition& condition : plan.search->conditions) {
            if (names[condition.measure] == plot.y) {
                chart.limits.push_back({condition.limit, condition.text});
            }
        }
    }
    return chart;
}

/// What a study without `plots` shows: latency over its first key, or its front.
std::vector<PlotRequest> requests(const Study::Plan& plan) {
    if (!plan.plots.empty()) return plan.plots;
    std::vector<PlotRequest> plots;
    if (plan.pareto.size() >= 2) {
        const auto names = plan.measure_names();
        plots.push_back({"Pareto front", names[plan.pareto[0].measure],
                         names[plan.pareto[1].measure], "", false, false});
    }
    const auto keys = study::varied_keys(plan);
    if (keys.empty() || plan.points < 2) return plots;
    const std::string& x = plan.search ? plan.axis_keys.front() : keys.back();
    plots.push_back({"", x,
                     plan.search && plan.axis_keys.empty() ? "latency_ms" : plan.shown.front(), "",
                     false, false});
    return plots;
}

}  // namespace

std::vector<StudyFile> StudyResults::plots() const {
    std::vector<StudyFile> files;
    for (const PlotRequest& plot : requests(study.plan())) {
        files.push_back(
            {fmt::format("plot-{}.svg", files.size() + 1), report::to_svg(drawn(*this, plot))});
    }
    return files;
}

}  // namespace u65sim
