// Bounded least squares: the best point, and how far each parameter may go from it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fit/model.hpp"

namespace u65sim::fitting {

/// Partial derivatives: a row a measurement, a column a parameter (scaled).
using Jacobian = std::vector<std::vector<double>>;
Jacobian jacobian(Model& model, const Point& point);

struct Best {
    Point point;
    double sum = 0.0;  ///< of squared errors
};

/// How a descent goes.
struct Descent {
    std::optional<std::size_t> fixed{};  ///< this parameter stays where it is
    const Jacobian* slopes = nullptr;    ///< of a point near by, to begin with
    double enough = 0.0;                 ///< a sum that needs no further descent
};

/// The least sum of squared errors within the bounds near a point, by Levenberg and Marquardt.
Best descend(Model& model, Point start, const Descent& how = {});
/// The best of descents from the given point and from the best of some seeded ones.
Best search(Model& model, const Point& start, std::uint64_t seed);

/// The ends of one parameter, scaled, beyond which the sum of squares, all others at their best,
/// exceeds the best one by more than `allowed`.
struct Ends {
    double low = 0.0, high = 1.0;
    bool reaches_low = false, reaches_high = false;  ///< the bound came first
};
Ends profile(Model& model, const Best& best, std::size_t parameter, double allowed);

}  // namespace u65sim::fitting
