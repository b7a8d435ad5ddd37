#include "report/chart_scale.hpp"

#include <algorithm>
#include <cmath>

#include "report/svg.hpp"

namespace u65sim::report {

double Scale::place(double value) const {
    const double share =
        logarithmic ? std::log(value / from) / std::log(to / from) : (value - from) / (to - from);
    return begin + share * (end - begin);
}

Scale make_scale(std::vector<double> values, const ScaleKind& kind) {
    Scale scale;
    if (values.empty()) values = {0.0, 1.0};
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    double low = *least;
    const double high = *most;
    scale.logarithmic = kind.logarithmic && low > 0.0;
    if (!scale.logarithmic && kind.from_zero && low > 0.0 && low < 0.4 * high) low = 0.0;
    scale.ticks = scale.logarithmic ? log_ticks(low, high, kind.binary) : round_ticks(low, high, 6);
    scale.from = scale.ticks.front();
    scale.to = scale.ticks.back();
    return scale;
}

}  // namespace u65sim::report
