// A study's plots.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "report/chart.hpp"
#include "study/plan.hpp"
#include "study/quantities.hpp"
#include "study/results.hpp"
#include "study/typed_settings.hpp"

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

/// The unit of a key of the axes; sizes have theirs at the ticks.
std::string key_label(const std::string& key, bool binary) {
    const std::string unit = binary ? std::string{} : study::unit_of_key(key);
    return unit.empty() ? key : fmt::format("{} [{}]", key, unit);
}

using Rows = std::vector<const StudyRow*>;

std::vector<std::string> values_of(const Rows& rows, const std::string& key) {
    std::vector<std::string> values;
    for (const StudyRow* row : rows) {
        const std::string value = study::setting_of(*row, key).value_or("");
        if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
    }
    return values;
}

/// Whether each value of `cause` comes with one value of `key` alone, as keys that are zipped do.
bool follows(const Rows& rows, const std::string& cause, const std::string& key) {
    std::map<std::string, std::string> seen;
    for (const StudyRow* row : rows) {
        const std::string value = study::setting_of(*row, key).value_or("");
        const auto [at, is_new] =
            seen.try_emplace(study::setting_of(*row, cause).value_or(""), value);
        if (!is_new && at->second != value) return false;
    }
    return true;
}

/// What tells a plot's lines apart: one key by colour, the others by panel, so that a line joins
/// points that differ along x only.
class Lines {
public:
    Lines(const PlotRequest& plot, const Rows& rows, const std::vector<std::string>& keys,
          bool x_is_measure) {
        for (const std::string& key : keys) {
            if (key != plot.x && (x_is_measure || !follows(rows, plot.x, key))) {
                panel_.push_back(key);
            }
        }
        std::map<std::string, int> sizes;
        for (const StudyRow* row : rows) ++sizes[study::short_name(*row, panel_)];
        joined_ = !x_is_measure && std::any_of(sizes.begin(), sizes.end(),
                                               [](const auto& e) { return e.second > 1; });
        choose_colour(plot, rows);
        if (!joined_) panel_.clear();
        if (panels(rows) > most_panels) {
            colour_.insert(colour_.end(), panel_.begin(), panel_.end());
            panel_.clear();
        }
    }

    /// Whether points are joined at all: those of measures over measures, and points drawn at
    /// random, differ in everything.
    [[nodiscard]] bool joined() const { return joined_; }
    [[nodiscard]] std::string name(const StudyRow& row) const {
        return study::short_name(row, colour_);
    }
    [[nodiscard]] std::string panel(const StudyRow& row) const {
        return study::short_name(row, panel_);
    }

private:
    static constexpr std::size_t most_panels = 12, most_colours = 10;

    /// The key asked for, else the one with the most values that can be told apart.
    void choose_colour(const PlotRequest& plot, const Rows& rows) {
        std::string best = plot.series;
        std::size_t most = 0;
        if (best.empty() && joined_) {
            for (const std::string& key : panel_) {
                const std::size_t count = values_of(rows, key).size();
                if (count > most && count <= most_colours) {
                    best = key;
                    most = count;
                }
            }
        }
        if (best.empty()) return;
        colour_ = {best};
        panel_.erase(std::remove(panel_.begin(), panel_.end(), best), panel_.end());
    }
    [[nodiscard]] std::size_t panels(const Rows& rows) const {
        std::set<std::string> names;
        for (const StudyRow* row : rows) names.insert(panel(*row));
        return names.size();
    }

    std::vector<std::string> colour_, panel_;
    bool joined_ = true;
};

report::ChartSeries& series_of(report::Chart& chart, const std::string& name,
                               const std::string& panel, bool joined) {
    const auto found =
        std::find_if(chart.series.begin(), chart.series.end(),
                     [&](const auto& each) { return each.name == name && each.panel == panel; });
    if (found != chart.series.end()) return *found;
    chart.series.push_back({name, {}, joined, panel});
    return chart.series.back();
}

/// The front as a line of its own, where the plot shows both of its measures.
void add_front(report::Chart& chart, const Study::Plan& plan, const PlotRequest& plot) {
    const auto names = plan.measure_names();
    if (plan.pareto.size() != 2) return;
    const std::set<std::string> measures{names[plan.pareto[0].measure],
                                         names[plan.pareto[1].measure]};
    if (measures != std::set<std::string>{plot.x, plot.y}) return;
    report::ChartSeries front{.name = "Pareto front", .points = {}, .marked = false};
    for (const report::ChartSeries& series : chart.series) {
        for (const report::ChartPoint& point : series.points) {
            if (point.emphasised) front.points.push_back(point);
        }
    }
    std::stable_sort(front.points.begin(), front.points.end(),
                     [](const auto& a, const auto& b) { return a.x < b.x; });
    chart.series.push_back(std::move(front));
}

void add_limits(report::Chart& chart, const Study::Plan& plan, const PlotRequest& plot) {
    if (!plan.search) return;
    const auto names = plan.measure_names();
    for (const study::Condition& condition : plan.search->conditions) {
        if (names[condition.measure] == plot.y) {
            chart.limits.push_back({condition.limit, condition.text});
        }
    }
}

/// Logarithmic axes where they were asked for, or where points crowd on linear ones.
void choose_axes(report::Chart& chart, const PlotRequest& plot) {
    std::vector<double> xs, ys;
    for (const report::ChartSeries& series : chart.series) {
        for (const report::ChartPoint& point : series.points) {
            xs.push_back(point.x);
            ys.push_back(point.y);
        }
    }
    chart.log_x = plot.log_x || (chart.categories.empty() && report::crowds(xs));
    chart.log_y = plot.log_y || report::crowds(ys);
}

report::Chart drawn(const StudyResults& results, const PlotRequest& plot) {
    const Study::Plan& plan = results.study.plan();
    const auto rows = study::main_rows(results);
    const auto front = results.pareto_front();
    const auto keys = study::varied_keys(plan);
    const Horizontal x{plan, rows, plot.x};
    const Lines lines{plot, rows, keys, x.is_measure()};
    report::Chart chart;
    chart.title = plot.title.empty() ? fmt::format("{} over {}", plot.y, plot.x) : plot.title;
    chart.x_label = x.is_measure() ? with_unit(plot.x) : key_label(plot.x, x.is_binary());
    chart.y_label = with_unit(plot.y);
    chart.categories = x.categories();
    chart.binary_x = x.is_binary();
    bool any_on_front = false;
    for (const StudyRow* row : rows) {
        const auto at = x.of(*row);
        const auto height = study::measure_of(plan, *row, plot.y);
        if (!at || !height) continue;
        const bool on_front =
            !front.empty() && front[static_cast<std::size_t>(row - results.rows.data())];
        any_on_front |= on_front;
        series_of(chart, lines.name(*row), lines.panel(*row), lines.joined())
            .points.push_back(
                {*at, *height,
                 fmt::format("{}\n{}: {}{}", study::point_name(*row, keys), plot.y,
                             study::figure(*height), on_front ? "\non the Pareto front" : ""),
                 on_front});
    }
    if (any_on_front) chart.title += " (rimmed: the Pareto front)";
    for (auto& series : chart.series) {
        std::stable_sort(series.points.begin(), series.points.end(),
                         [](const auto& a, const auto& b) { return a.x < b.x; });
    }
    choose_axes(chart, plot);
    add_front(chart, plan, plot);
    add_limits(chart, plan, plot);
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

std::vector<report::Chart> study::charts(const StudyResults& results) {
    std::vector<report::Chart> charts;
    for (const PlotRequest& plot : requests(results.study.plan())) {
        charts.push_back(drawn(results, plot));
    }
    return charts;
}

std::vector<StudyFile> StudyResults::plots() const {
    std::vector<StudyFile> files;
    for (const report::Chart& chart : study::charts(*this)) {
        files.push_back({fmt::format("plot-{}.svg", files.size() + 1), report::to_svg(chart)});
    }
    return files;
}

}  // namespace u65sim
