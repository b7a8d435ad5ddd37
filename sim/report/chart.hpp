// Lines and points over two axes, as an SVG drawing that needs no other file.
#pragma once

#include <string>
#include <vector>

namespace u65sim::report {

struct ChartPoint {
    double x = 0.0, y = 0.0;
    std::string hint;         ///< shown when the pointer rests on it
    bool emphasised = false;  ///< drawn larger, with a dark rim
};

struct ChartSeries {
    std::string name;  ///< series of one name share colour, mark and legend
    std::vector<ChartPoint> points;
    bool joined = true;   ///< by a line, in the points' order
    std::string panel{};  ///< series of different panels are drawn beside each other
    bool marked = true;   ///< false: the line alone, for what runs through others' marks
};

struct ChartLine {
    double y = 0.0;
    std::string label;
};

struct Chart {
    std::string title, x_label, y_label;
    std::vector<ChartSeries> series;
    /// Names of the positions 0, 1, 2 ... along x; empty for numbers.
    std::vector<std::string> categories;
    std::vector<ChartLine> limits;      ///< dashed lines across
    bool log_x = false, log_y = false;  ///< ignored where a value is not above zero
    bool binary_x = false;              ///< x in bytes: ticks as KiB and MiB
    double width = 900;                 ///< of the drawing, pixels
};

/// Whether values crowd at the low end of a linear axis: all above zero, over a factor of ten or
/// more, and most of them in its lowest quarter.
bool crowds(const std::vector<double>& values);

/// Equal charts give equal bytes. All panels have the same axes; marks at one place lie around each
/// other; the legend names every series.
std::string to_svg(const Chart& chart);

}  // namespace u65sim::report
