#include "report/chart.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <u65sim/units.hpp>

#include "report/format.hpp"
#include "report/svg.hpp"

namespace u65sim::report {
namespace {

constexpr double width = 900, height = 440;
constexpr double left = 84, right = 650, top = 40, bottom = 380;
constexpr double legend_x = 674;
constexpr std::size_t legend_width = 30;  // letters that fit beside the plot

constexpr const char* style =
    "text{font:12px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:14px}"
    ".grid{stroke:#ddd}.axis{stroke:#555}.limit{stroke:#555;stroke-dasharray:5 4}"
    ".tick{fill:#555}.x{text-anchor:middle}.y{text-anchor:end}"
    ".line{fill:none;stroke-width:1.8}.mark{stroke:#fff;stroke-width:.8}"
    ".mark.main{stroke:#222;stroke-width:1.6}";

/// A linear or logarithmic axis and its ticks.
struct Scale {
    double from = 0.0, to = 1.0;    ///< values at the ends
    double begin = 0.0, end = 1.0;  ///< places of the ends
    bool logarithmic = false;
    std::vector<double> ticks;

    [[nodiscard]] double place(double value) const {
        const double share = logarithmic ? std::log(value / from) / std::log(to / from)
                                         : (value - from) / (to - from);
        return begin + share * (end - begin);
    }
};

Scale make_scale(std::vector<double> values, bool logarithmic, bool from_zero, double begin,
                 double end) {
    Scale scale;
    scale.begin = begin;
    scale.end = end;
    if (values.empty()) values = {0.0, 1.0};
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    double low = *least;
    const double high = *most;
    scale.logarithmic = logarithmic && low > 0.0;
    if (!scale.logarithmic && from_zero && low > 0.0 && low < 0.4 * high) low = 0.0;
    scale.ticks = scale.logarithmic ? log_ticks(low, high) : round_ticks(low, high, 6);
    scale.from = scale.ticks.front();
    scale.to = scale.ticks.back();
    return scale;
}

std::string x_tick(const Chart& chart, double value) {
    if (chart.binary_x) return readable(Bytes{std::llround(value)});
    return tick_text(value);
}

std::string x_axis(const Chart& chart, const Scale& x) {
    std::string out;
    const auto tick = [&](double at, const std::string& text, bool slanted) {
        out += fmt::format(
            "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" "
            "y2=\"{2}\"/>\n",
            at, top, bottom);
        out += slanted ? fmt::format(
                             "<text class=\"tick\" text-anchor=\"end\" transform=\""
                             "translate({:.1f},{}) rotate(-30)\">{}</text>\n",
                             at + 6, bottom + 16, escaped(text))
                       : fmt::format("<text class=\"tick x\" x=\"{:.1f}\" y=\"{}\">{}</text>\n", at,
                                     bottom + 18, escaped(text));
    };
    if (chart.categories.empty()) {
        for (const double value : x.ticks) tick(x.place(value), x_tick(chart, value), false);
        return out;
    }
    std::size_t letters = 0;
    for (const std::string& name : chart.categories) letters += name.size() + 2;
    const bool slanted = letters > 80;
    for (std::size_t at = 0; at < chart.categories.size(); ++at) {
        tick(x.place(static_cast<double>(at)),
             elided(chart.categories[at], slanted ? legend_width : std::size_t{40}), slanted);
    }
    return out;
}

std::string y_axis(const Scale& y) {
    std::string out;
    for (const double value : y.ticks) {
        out += fmt::format(
            "<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/>\n"
            "<text class=\"tick y\" x=\"{3}\" y=\"{4:.1f}\">{5}</text>\n",
            left, right, y.place(value), left - 8, y.place(value) + 4, escaped(tick_text(value)));
    }
    return out;
}

std::string drawn(const ChartSeries& series, std::size_t index, const Scale& x, const Scale& y) {
    std::string line, marks;
    for (const ChartPoint& point : series.points) {
        const double at_x = x.place(point.x);
        const double at_y = y.place(point.y);
        line += fmt::format("{}{:.1f},{:.1f}", line.empty() ? "M" : "L", at_x, at_y);
        marks += fmt::format(
            "<path class=\"mark{}\" d=\"{}\" fill=\"{}\" transform=\"translate({:.1f},{:.1f}){}\">"
            "<title>{}</title></path>\n",
            point.emphasised ? " main" : "", series_mark(index), series_colour(index), at_x, at_y,
            point.emphasised ? " scale(1.25)" : "", escaped(point.hint));
    }
    if (!series.joined || series.points.size() < 2) return marks;
    return fmt::format("<path class=\"line\" stroke=\"{}\" d=\"{}\"/>\n", series_colour(index),
                       line) +
           marks;
}

std::string legend(const Chart& chart) {
    constexpr std::size_t most = 16;
    std::string out;
    for (std::size_t at = 0; at < chart.series.size(); ++at) {
        const double y = top + 10 + 20.0 * static_cast<double>(at);
        if (at == most) {
            out += fmt::format("<text x=\"{}\" y=\"{}\">and {} more</text>\n", legend_x + 12, y + 4,
                               chart.series.size() - most);
            break;
        }
        if (chart.series[at].name.empty()) continue;
        out += fmt::format(
            "<path class=\"mark\" d=\"{}\" fill=\"{}\" transform=\"translate({},{})\""
            "/>\n<text x=\"{}\" y=\"{}\">{}</text>\n",
            series_mark(at), series_colour(at), legend_x, y, legend_x + 12, y + 4,
            escaped(elided(chart.series[at].name, legend_width)));
    }
    return out;
}

}  // namespace

std::string to_svg(const Chart& chart) {
    std::vector<double> xs, ys;
    for (const ChartSeries& series : chart.series) {
        for (const ChartPoint& point : series.points) {
            xs.push_back(point.x);
            ys.push_back(point.y);
        }
    }
    for (const ChartLine& limit : chart.limits) ys.push_back(limit.y);
    Scale x = make_scale(xs, chart.log_x, false, left, right);
    if (!chart.categories.empty()) {
        x = Scale{-0.5, static_cast<double>(chart.categories.size()) - 0.5, left, right, false, {}};
    }
    const Scale y = make_scale(ys, chart.log_y, true, bottom, top);
    std::string out = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" role=\"img\"><title>{2}</title><style>{3}</style>\n<rect width=\"{0}\" "
        "height=\"{1}\" fill=\"#fff\"/>\n<text class=\"title\" x=\"{4}\" y=\"22\">{2}</text>\n",
        width, height, escaped(chart.title), style, left);
    out += x_axis(chart, x) + y_axis(y);
    out += fmt::format(
        "<path class=\"axis\" fill=\"none\" d=\"M{0},{1}V{2}H{3}\"/>\n"
        "<text class=\"x\" x=\"{4}\" y=\"{5}\">{6}</text>\n"
        "<text class=\"x\" transform=\"translate(16,{7}) rotate(-90)\">{8}</text>\n",
        left, top, bottom, right, (left + right) / 2, height - 10, escaped(chart.x_label),
        (top + bottom) / 2, escaped(chart.y_label));
    for (const ChartLine& limit : chart.limits) {
        const double at = y.place(limit.y);
        out += fmt::format(
            "<line class=\"limit\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n"
            "<text x=\"{}\" y=\"{:.1f}\">{}</text>\n",
            left, right, at, at, left + 6, at - 5, escaped(limit.label));
    }
    for (std::size_t at = 0; at < chart.series.size(); ++at) {
        out += drawn(chart.series[at], at, x, y);
    }
    return out + legend(chart) + "</svg>\n";
}

}  // namespace u65sim::report
