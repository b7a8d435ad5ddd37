// Axes of charts: where a value stands, and which values have ticks.
#pragma once

#include <vector>

namespace u65sim::report {

/// A linear or logarithmic axis and its ticks.
struct Scale {
    double from = 0.0, to = 1.0;    ///< values at the ends
    double begin = 0.0, end = 1.0;  ///< places of the ends
    bool logarithmic = false;
    std::vector<double> ticks;

    [[nodiscard]] double place(double value) const;
};

struct ScaleKind {
    bool logarithmic = false;  ///< ignored where a value is not above zero
    bool from_zero = false;    ///< a linear axis begins at zero where that wastes little of it
    bool binary = false;       ///< ticks of a logarithmic one are powers of two
};
/// Around all `values`, from 0 to 1 until its ends are placed.
Scale make_scale(std::vector<double> values, const ScaleKind& kind);

}  // namespace u65sim::report
