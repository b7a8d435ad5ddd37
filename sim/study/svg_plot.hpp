// Plots as SVG: marks that differ in shape and colour, and say their figures under the pointer.
#pragma once

#include <string>
#include <vector>

namespace u65sim::study {

struct PlotPoint {
    double x = 0, y = 0;
    std::string title;  ///< shown under the pointer
};
struct PlotSeries {
    std::string name;
    bool line = false;  ///< join the points
    std::vector<PlotPoint> points;
};
struct Plot {
    std::string title;
    std::string x_label, y_label;  ///< with units
    bool log_x = false, log_y = false;
    std::vector<PlotSeries> series;
};

/// Points at or below zero on a logarithmic axis are left out.
std::string to_svg(const Plot& plot);

}  // namespace u65sim::study
