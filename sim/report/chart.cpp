#include "report/chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <sstream>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include <u65sim/units.hpp>

#include "report/chart_scale.hpp"
#include "report/format.hpp"
#include "report/svg.hpp"

namespace u65sim::report {
namespace {

constexpr double margin = 24;
constexpr double narrow = 500;  ///< pixels; below, panels stand below each other
constexpr double title_line = 18;
constexpr double letter = 6.7;  ///< mean width of a letter of 12 px

// Dark where the reader prefers dark; series' colours stay.
constexpr const char* style =
    "text{font:12px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:14px}"
    ".back{fill:#fff}.grid{stroke:#ddd}.axis{stroke:#555;fill:none}"
    ".limit{stroke:#555;stroke-dasharray:5 4}.tick{fill:#555}.x{text-anchor:middle}"
    ".y{text-anchor:end}.line{fill:none;stroke-width:1.8}.mark{stroke:#fff;stroke-width:.8}"
    ".mark.main{stroke:#222;stroke-width:1.6}.mark.around{fill:none;stroke-width:1.4}"
    "@media(prefers-color-scheme:dark){text{fill:#e6e9ec}.back{fill:#14181b}.grid{stroke:#2a3036}"
    ".axis,.limit{stroke:#a3adb7}.tick{fill:#a3adb7}.mark{stroke:#14181b}"
    ".mark.main{stroke:#e6e9ec}}";

/// Where one panel's axes stand.
struct Box {
    double left = 0, right = 0, top = 0, bottom = 0;
};

/// Different values of a member of the series, in their order.
template <class Member>
std::vector<std::string> different(const Chart& chart, Member member) {
    std::vector<std::string> all;
    for (const ChartSeries& series : chart.series) {
        const std::string& text = series.*member;
        if (std::find(all.begin(), all.end(), text) == all.end()) all.push_back(text);
    }
    return all;
}

/// A title on lines that are no longer than `room` pixels where its words allow.
std::vector<std::string> lines(const std::string& title, double room) {
    constexpr double bold_letter = 7.8;
    std::vector<std::string> all;
    std::istringstream words{title};
    for (std::string word; words >> word;) {
        const bool fits =
            !all.empty() &&
            bold_letter * static_cast<double>(all.back().size() + word.size() + 1) <= room;
        if (fits) {
            all.back() += ' ' + word;
        } else {
            all.push_back(word);
        }
    }
    return all;
}

/// The panels side by side, the legend below them.
class Drawing {
public:
    explicit Drawing(const Chart& chart)
        : chart_(chart),
          names_(different(chart, &ChartSeries::name)),
          panels_(different(chart, &ChartSeries::panel)),
          title_(lines(chart.title, chart.width - 2 * margin)) {
        if (panels_.empty()) panels_.emplace_back();
        const std::size_t count = panels_.size();
        columns_ = count == 1 || chart.width < narrow ? 1 : count <= 4 ? 2 : 3;
        x_ = make_scale(values(&ChartPoint::x),
                        {.logarithmic = chart.log_x, .binary = chart.binary_x});
        if (!chart.categories.empty()) {
            const auto last = static_cast<double>(chart.categories.size()) - 0.5;
            x_ = Scale{-0.5, last, 0, 1, false, {}};
        }
        std::vector<double> ys = values(&ChartPoint::y);
        for (const ChartLine& limit : chart.limits) ys.push_back(limit.y);
        y_ = make_scale(std::move(ys), {.logarithmic = chart.log_y, .from_zero = true});
        slanted_ = tick_letters() * letter > plot_width();
    }

    std::string write() {
        const double rows = std::ceil(static_cast<double>(panels_.size()) / columns_);
        const double height = head() + rows * panel_height() + legend_height() + margin;
        std::string out = fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
            "height=\"{1}\" role=\"img\"><title>{2}</title><style>{3}</style>\n<rect "
            "class=\"back\" "
            "width=\"{0}\" height=\"{1}\"/>\n",
            chart_.width, height, escaped(chart_.title), style);
        for (std::size_t at = 0; at < title_.size(); ++at) {
            out += fmt::format("<text class=\"title\" x=\"{}\" y=\"{}\">{}</text>\n", margin,
                               22 + title_line * static_cast<double>(at), escaped(title_[at]));
        }
        for (std::size_t at = 0; at < panels_.size(); ++at) out += panel(at);
        return out + legend(head() + rows * panel_height()) + "</svg>\n";
    }

private:
    [[nodiscard]] std::vector<double> values(double ChartPoint::*member) const {
        std::vector<double> all;
        for (const ChartSeries& series : chart_.series) {
            for (const ChartPoint& point : series.points) all.push_back(point.*member);
        }
        return all;
    }
    /// What the title takes, on as many lines as it needs.
    [[nodiscard]] double head() const {
        return 14 + title_line * static_cast<double>(std::max<std::size_t>(title_.size(), 1));
    }
    [[nodiscard]] double plot_width() const { return chart_.width / columns_ - 84 - margin; }
    [[nodiscard]] double plot_height() const {
        return columns_ == 1 && chart_.width >= narrow ? 330 : 210;
    }
    /// Room for slanted names, which their longest decides.
    [[nodiscard]] double foot() const {
        std::size_t most = 0;
        for (const std::string& name : chart_.categories) most = std::max(most, name.size());
        return 42 + (slanted_ ? 0.5 * letter * static_cast<double>(most) : 0.0);
    }
    [[nodiscard]] double panel_height() const {
        return plot_height() + foot() + (panels_.size() > 1 ? 24 : 8);
    }
    [[nodiscard]] double tick_letters() const {
        std::size_t letters = 0;
        for (const std::string& name : chart_.categories) letters += name.size() + 2;
        return static_cast<double>(letters);
    }

    std::string panel(std::size_t at) {
        const auto column = static_cast<double>(at % static_cast<std::size_t>(columns_));
        const auto row = static_cast<double>(at / static_cast<std::size_t>(columns_));
        Box box;
        box.left = column * chart_.width / columns_ + 84;
        box.right = box.left + plot_width();
        box.top = head() + row * panel_height() + (panels_.size() > 1 ? 22 : 6);
        box.bottom = box.top + plot_height();
        std::tie(x_.begin, x_.end) = std::pair{box.left, box.right};
        std::tie(y_.begin, y_.end) = std::pair{box.bottom, box.top};
        std::string out;
        if (panels_.size() > 1) {
            out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", box.left, box.top - 7,
                               escaped(panels_[at]));
        }
        out += x_axis(box) + y_axis(box) + axis_names(box) + limits(box);
        taken_.clear();
        for (const ChartSeries& series : chart_.series) {
            if (series.panel == panels_[at]) out += drawn(series);
        }
        return out;
    }

    [[nodiscard]] std::string x_tick(const Box& box, double at, const std::string& text) const {
        std::string out = fmt::format(
            "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>\n",
            at, box.top, box.bottom);
        if (slanted_) {
            return out + fmt::format(
                             "<text class=\"tick\" text-anchor=\"end\" transform=\"translate("
                             "{:.1f},{:.1f}) rotate(-30)\">{}</text>\n",
                             at + 6, box.bottom + 16, escaped(text));
        }
        // The last one ends inside of the drawing.
        const double half = letter * static_cast<double>(text.size()) / 2;
        return out + fmt::format("<text class=\"tick x\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                                 std::min(at, box.right + margin - half - 1), box.bottom + 18,
                                 escaped(text));
    }

    [[nodiscard]] std::string x_axis(const Box& box) const {
        std::string out;
        for (std::size_t at = 0; at < chart_.categories.size(); ++at) {
            out += x_tick(box, x_.place(static_cast<double>(at)), chart_.categories[at]);
        }
        if (!chart_.categories.empty()) return out;
        double free = -1e9;  // a tick's text begins behind the one before
        for (const double value : x_.ticks) {
            std::string text =
                chart_.binary_x ? readable(Bytes{std::llround(value)}) : tick_text(value);
            const double half = letter * static_cast<double>(text.size()) / 2;
            if (x_.place(value) - half < free) text.clear();
            if (!text.empty()) free = x_.place(value) + half + 4;
            out += x_tick(box, x_.place(value), text);
        }
        return out;
    }

    [[nodiscard]] std::string y_axis(const Box& box) const {
        std::string out;
        for (const double value : y_.ticks) {
            const double at = y_.place(value);
            out += fmt::format(
                "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" "
                "y2=\"{2:.1f}\"/>\n"
                "<text class=\"tick y\" x=\"{3:.1f}\" y=\"{4:.1f}\">{5}</text>\n",
                box.left, box.right, at, box.left - 8, at + 4, escaped(tick_text(value)));
        }
        return out;
    }

    [[nodiscard]] std::string axis_names(const Box& box) const {
        return fmt::format(
            "<path class=\"axis\" d=\"M{0:.1f},{1:.1f}V{2:.1f}H{3:.1f}\"/>\n"
            "<text class=\"x\" x=\"{4:.1f}\" y=\"{5:.1f}\">{6}</text>\n"
            "<text class=\"x\" transform=\"translate({7:.1f},{8:.1f}) rotate(-90)\">{9}</text>\n",
            box.left, box.top, box.bottom, box.right, (box.left + box.right) / 2,
            box.bottom + foot() - 6, escaped(chart_.x_label), box.left - 68,
            (box.top + box.bottom) / 2, escaped(chart_.y_label));
    }

    [[nodiscard]] std::string limits(const Box& box) const {
        std::string out;
        for (const ChartLine& limit : chart_.limits) {
            const double at = y_.place(limit.y);
            out += fmt::format(
                "<line class=\"limit\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n"
                "<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                box.left, box.right, at, at, box.left + 6, at - 5, escaped(limit.label));
        }
        return out;
    }

    [[nodiscard]] std::size_t index_of(const std::string& name) const {
        const auto found = std::find(names_.begin(), names_.end(), name);
        return static_cast<std::size_t>(found - names_.begin());
    }

    std::string drawn(const ChartSeries& series) {
        const std::size_t index = index_of(series.name);
        std::string line, marks;
        for (const ChartPoint& point : series.points) {
            const double at_x = x_.place(point.x), at_y = y_.place(point.y);
            line += fmt::format("{}{:.1f},{:.1f}", line.empty() ? "M" : "L", at_x, at_y);
            if (series.marked) marks += mark(point, index, at_x, at_y);
        }
        if (!series.joined || series.points.size() < 2) return marks;
        return fmt::format("<path class=\"line\" stroke=\"{}\" d=\"{}\"/>\n", series_colour(index),
                           line) +
               marks;
    }

    /// Where other marks stand already, a rim around them.
    std::string mark(const ChartPoint& point, std::size_t index, double x, double y) {
        const int others = taken_[{std::llround(x / 2), std::llround(y / 2)}]++;
        const double size = (point.emphasised ? 1.25 : 1.0) + 0.5 * others;
        const std::string paint =
            others == 0
                ? fmt::format("class=\"mark{}\" fill=\"{}\"", point.emphasised ? " main" : "",
                              series_colour(index))
                : fmt::format("class=\"mark around\" style=\"stroke:{}\"", series_colour(index));
        return fmt::format(
            "<path {} d=\"{}\" transform=\"translate({:.1f},{:.1f}) scale({:.2f})\">"
            "<title>{}</title></path>\n",
            paint, series_mark(index), x, y, size, escaped(point.hint));
    }

    /// Columns as wide as the longest name.
    [[nodiscard]] std::size_t legend_columns() const {
        std::size_t longest = 1;
        for (const std::string& name : names_) longest = std::max(longest, name.size());
        const double room = 30 + letter * static_cast<double>(longest);
        return std::max<std::size_t>(1,
                                     static_cast<std::size_t>((chart_.width - 2 * margin) / room));
    }
    [[nodiscard]] bool has_legend() const {
        return names_.size() > 1 || (names_.size() == 1 && !names_.front().empty());
    }
    [[nodiscard]] double legend_height() const {
        if (!has_legend()) return 0;
        const std::size_t columns = legend_columns();
        return 20.0 * static_cast<double>((names_.size() + columns - 1) / columns);
    }
    [[nodiscard]] std::string legend(double top) const {
        std::string out;
        if (!has_legend()) return out;
        const std::size_t columns = legend_columns();
        for (std::size_t at = 0; at < names_.size(); ++at) {
            if (names_[at].empty()) continue;
            const double x = margin + 6 +
                             static_cast<double>(at % columns) * (chart_.width - 2 * margin) /
                                 static_cast<double>(columns);
            const double y = top + 10 + 20 * std::floor(static_cast<double>(at / columns));
            const bool marked = std::any_of(
                chart_.series.begin(), chart_.series.end(),
                [&](const ChartSeries& each) { return each.name == names_[at] && each.marked; });
            out += marked ? fmt::format(
                                "<path class=\"mark\" d=\"{}\" fill=\"{}\" "
                                "transform=\"translate({:.1f},{:.1f})\"/>\n",
                                series_mark(at), series_colour(at), x, y)
                          : fmt::format(
                                "<path class=\"line\" stroke=\"{}\" d=\"M{:.1f},{:.1f}h14\"/>"
                                "\n",
                                series_colour(at), x - 7, y);
            out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x + 12, y + 4,
                               escaped(names_[at]));
        }
        return out;
    }

    const Chart& chart_;
    std::vector<std::string> names_, panels_, title_;
    int columns_ = 1;
    Scale x_, y_;
    bool slanted_ = false;
    std::map<std::pair<long long, long long>, int> taken_;  ///< marks at a place of this panel
};

}  // namespace

bool crowds(const std::vector<double>& values) {
    if (values.size() < 3) return false;
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    if (*least <= 0.0 || *most < 10 * *least) return false;
    const double quarter = *least + (*most - *least) / 4;
    const auto low =
        std::count_if(values.begin(), values.end(), [&](double value) { return value < quarter; });
    return 2 * static_cast<std::size_t>(low) > values.size();
}

std::string to_svg(const Chart& chart) { return Drawing{chart}.write(); }

}  // namespace u65sim::report
