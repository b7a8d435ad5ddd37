#include "study/svg_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace u65sim::study {

namespace {

constexpr double width = 900, height = 440;
constexpr double left = 74, right = 250, top = 40, bottom = 52;

/// Okabe and Ito's colours, which those who see fewer colours tell apart, with shapes on top.
constexpr std::array<const char*, 8> colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                             "#e69f00", "#56b4e9", "#000000", "#8a7b00"};
constexpr std::array<const char*, 5> shapes{"M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0", "M-4,-4H4V4H-4Z",
                                            "M0,-5L5,4H-5Z", "M0,-5.5L5.5,0L0,5.5L-5.5,0Z",
                                            "M0,5L5,-4H-5Z"};

std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '&') {
            result += "&amp;";
        } else if (c == '<') {
            result += "&lt;";
        } else {
            result += c;
        }
    }
    return result;
}

std::string tick_text(double value) {
    if (value >= 1e6) return fmt::format("{:g} M", value / 1e6);
    if (value >= 1e4) return fmt::format("{:g} k", value / 1e3);
    return fmt::format("{:g}", value);
}

/// One axis: from values to places, and where its ticks are.
class Axis {
public:
    Axis(bool log, double from, double to) : log_(log), from_(from), to_(to) {}

    /// Grows to hold `value`.
    void take(double value) {
        const bool first = !any_;
        any_ = true;
        low_ = first ? value : std::min(low_, value);
        high_ = first ? value : std::max(high_, value);
    }
    void close() {
        if (!any_) low_ = high_ = 1;
        if (log_) {
            low_ /= 1.3;
            high_ *= 1.3;
            return;
        }
        low_ = std::min(low_, 0.0) == 0.0 && low_ < 0.6 * high_ ? 0.0 : low_;
        const double room = std::max(1e-12, high_ - low_) * 0.05;
        high_ += room;
        if (low_ != 0.0) low_ -= room;
    }
    [[nodiscard]] double at(double value) const {
        const double share = log_ ? std::log(value / low_) / std::log(high_ / low_)
                                  : (value - low_) / (high_ - low_);
        return from_ + share * (to_ - from_);
    }
    [[nodiscard]] std::vector<double> ticks() const {
        std::vector<double> result;
        if (log_) {
            const bool wide = high_ / low_ > 200;
            for (double power = std::pow(10, std::floor(std::log10(low_))); power <= high_;
                 power *= 10) {
                for (const double step : {1.0, 2.0, 5.0}) {
                    if (wide && step != 1.0) continue;
                    const double value = power * step;
                    if (value >= low_ && value <= high_) result.push_back(value);
                }
            }
            return result;
        }
        const double raw = (high_ - low_) / 6;
        const double power = std::pow(10, std::floor(std::log10(raw)));
        double step = power;
        for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
            step = power * factor;
            if (step >= raw) break;
        }
        for (double value = std::ceil(low_ / step) * step; value <= high_; value += step) {
            result.push_back(std::abs(value) < step / 1e6 ? 0.0 : value);
        }
        return result;
    }

private:
    bool log_;
    double from_, to_;
    bool any_ = false;
    double low_ = 0, high_ = 0;
};

std::string mark(std::size_t series, double x, double y, const std::string& title) {
    return fmt::format(
        "<path d=\"{}\" fill=\"{}\" transform=\"translate({:.1f},{:.1f})\">{}</path>\n",
        shapes[series % shapes.size()], colours[series % colours.size()], x, y,
        title.empty() ? "" : fmt::format("<title>{}</title>", escaped(title)));
}

}  // namespace

std::string to_svg(const Plot& plot) {
    Axis across{plot.log_x, left, width - right};
    Axis up{plot.log_y, height - bottom, top};
    const auto shown = [&](const PlotPoint& point) {
        return (!plot.log_x || point.x > 0) && (!plot.log_y || point.y > 0);
    };
    for (const PlotSeries& series : plot.series) {
        for (const PlotPoint& point : series.points) {
            if (!shown(point)) continue;
            across.take(point.x);
            up.take(point.y);
        }
    }
    across.close();
    up.close();
    std::string out = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" role=\"img\" aria-label=\"{2}\">\n<style>text{{font:12px "
        "sans-serif;fill:#1c2024}}.t{{fill:#5b6570}}.g{{stroke:#e1e5e9}}path{{stroke:#fff;"
        "stroke-width:.6}}.l{{fill:none;stroke-width:1.6;stroke-opacity:.7}}</style>\n<rect "
        "width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n<text x=\"{3}\" y=\"22\" "
        "style=\"font-weight:600;font-size:14px\">{2}</text>\n",
        width, height, escaped(plot.title), left);
    for (const double tick : across.ticks()) {
        out += fmt::format(
            "<line class=\"g\" x1=\"{x:.1f}\" x2=\"{x:.1f}\" y1=\"{}\" y2=\"{}\"/>"
            "<text class=\"t\" x=\"{x:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
            top, height - bottom, height - bottom + 16, tick_text(tick),
            fmt::arg("x", across.at(tick)));
    }
    for (const double tick : up.ticks()) {
        out += fmt::format(
            "<line class=\"g\" x1=\"{}\" x2=\"{}\" y1=\"{y:.1f}\" y2=\"{y:.1f}\"/>"
            "<text class=\"t\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
            left, width - right, left - 8, up.at(tick) + 4, tick_text(tick),
            fmt::arg("y", up.at(tick)));
    }
    out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                       (left + width - right) / 2, height - 12, escaped(plot.x_label));
    out += fmt::format(
        "<text transform=\"translate(16,{:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n",
        (top + height - bottom) / 2, escaped(plot.y_label));
    for (std::size_t i = 0; i < plot.series.size(); ++i) {
        const PlotSeries& series = plot.series[i];
        std::string path;
        for (const PlotPoint& point : series.points) {
            if (!shown(point)) continue;
            path += fmt::format("{}{:.1f},{:.1f}", path.empty() ? "M" : "L", across.at(point.x),
                                up.at(point.y));
        }
        if (series.line && !path.empty()) {
            out += fmt::format("<path class=\"l\" d=\"{}\" style=\"stroke:{}\"/>\n", path,
                               colours[i % colours.size()]);
        }
        for (const PlotPoint& point : series.points) {
            if (shown(point)) out += mark(i, across.at(point.x), up.at(point.y), point.title);
        }
        const double y = top + 8 + 20 * static_cast<double>(i);
        out += mark(i, width - right + 20, y, {});
        out += fmt::format("<text x=\"{}\" y=\"{:.1f}\">{}</text>\n", width - right + 32, y + 4,
                           escaped(series.name));
    }
    return out + "</svg>\n";
}

}  // namespace u65sim::study
