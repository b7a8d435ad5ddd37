#include "fit/search.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <tuple>
#include <utility>

namespace u65sim::fitting {
namespace {

constexpr int most_steps = 25;
constexpr double smallest_step = 5e-4;  ///< of the scale from 0 to 1
constexpr double difference = 0.02;     ///< for derivatives: figures have steps of whole cycles

double sum_of_squares(const std::vector<double>& errors) {
    double sum = 0.0;
    for (const double error : errors) sum += error * error;
    return sum;
}

/// x of A x = b for a symmetric positive definite A; by elimination with pivots.
std::vector<double> solve(Jacobian a, std::vector<double> b) {
    const std::size_t n = b.size();
    for (std::size_t column = 0; column < n; ++column) {
        std::size_t pivot = column;
        for (std::size_t row = column + 1; row < n; ++row) {
            if (std::abs(a[row][column]) > std::abs(a[pivot][column])) pivot = row;
        }
        std::swap(a[column], a[pivot]);
        std::swap(b[column], b[pivot]);
        if (std::abs(a[column][column]) < 1e-300) continue;
        for (std::size_t row = column + 1; row < n; ++row) {
            const double factor = a[row][column] / a[column][column];
            for (std::size_t i = column; i < n; ++i) a[row][i] -= factor * a[column][i];
            b[row] -= factor * b[column];
        }
    }
    std::vector<double> x(n, 0.0);
    for (std::size_t row = n; row-- > 0;) {
        double rest = b[row];
        for (std::size_t i = row + 1; i < n; ++i) rest -= a[row][i] * x[i];
        x[row] = std::abs(a[row][row]) < 1e-300 ? 0.0 : rest / a[row][row];
    }
    return x;
}

/// The parameters that a step may move: neither fixed nor pressed against a bound.
std::vector<std::size_t> movable(const Point& point, const std::vector<double>& downhill,
                                 std::optional<std::size_t> fixed) {
    std::vector<std::size_t> result;
    for (std::size_t i = 0; i < point.size(); ++i) {
        if (fixed == i) continue;
        if ((point[i] <= 0.0 && downhill[i] < 0.0) || (point[i] >= 1.0 && downhill[i] > 0.0)) {
            continue;
        }
        result.push_back(i);
    }
    return result;
}

/// One damped step of Gauss and Newton, cut at the bounds.
Point step(const Point& point, const Jacobian& slopes, const std::vector<double>& errors,
           double damping, std::optional<std::size_t> fixed) {
    std::vector<double> downhill(point.size(), 0.0);
    for (std::size_t i = 0; i < point.size(); ++i) {
        for (std::size_t row = 0; row < errors.size(); ++row) {
            downhill[i] -= slopes[row][i] * errors[row];
        }
    }
    const std::vector<std::size_t> free = movable(point, downhill, fixed);
    Jacobian normal(free.size(), std::vector<double>(free.size(), 0.0));
    std::vector<double> right(free.size());
    for (std::size_t a = 0; a < free.size(); ++a) {
        right[a] = downhill[free[a]];
        for (std::size_t b = 0; b < free.size(); ++b) {
            for (const auto& row : slopes) normal[a][b] += row[free[a]] * row[free[b]];
        }
    }
    double largest = 0.0;
    for (std::size_t a = 0; a < free.size(); ++a) largest = std::max(largest, normal[a][a]);
    for (std::size_t a = 0; a < free.size(); ++a) {
        normal[a][a] += damping * (normal[a][a] + 1e-6 * largest) + 1e-12;
    }
    const std::vector<double> move = solve(normal, right);
    Point next = point;
    for (std::size_t a = 0; a < free.size(); ++a) {
        next[free[a]] = std::clamp(next[free[a]] + move[a], 0.0, 1.0);
    }
    return next;
}

double distance(const Point& left, const Point& right) {
    double most = 0.0;
    for (std::size_t i = 0; i < left.size(); ++i) {
        most = std::max(most, std::abs(left[i] - right[i]));
    }
    return most;
}

/// A pattern search around a point: figures have steps (a cap is granted by periods, bursts are
/// whole), on which slopes lead nowhere.
Best polish(Model& model, Best best) {
    constexpr double widest = 0.08, narrowest = 2e-3;
    for (double reach = widest; reach >= narrowest;) {
        bool better = false;
        for (std::size_t i = 0; i < best.point.size(); ++i) {
            for (const double direction : {-1.0, 1.0}) {
                Point next = best.point;
                next[i] = std::clamp(next[i] + direction * reach, 0.0, 1.0);
                if (next[i] == best.point[i]) continue;
                const double sum = sum_of_squares(model.errors(next));
                if (sum >= best.sum) continue;
                best = {next, sum};
                better = true;
            }
        }
        if (!better) reach /= 2;
    }
    return best;
}

}  // namespace

Jacobian jacobian(Model& model, const Point& point) {
    const std::size_t rows = model.measurements().size();
    Jacobian slopes(rows, std::vector<double>(point.size(), 0.0));
    for (std::size_t i = 0; i < point.size(); ++i) {
        Point below = point, above = point;
        below[i] = std::max(point[i] - difference, 0.0);
        above[i] = std::min(point[i] + difference, 1.0);
        const auto low = model.errors(below);
        const auto high = model.errors(above);
        for (std::size_t row = 0; row < rows; ++row) {
            slopes[row][i] = (high[row] - low[row]) / (above[i] - below[i]);
        }
    }
    return slopes;
}

Best descend(Model& model, Point start, const Descent& how) {
    std::vector<double> errors = model.errors(start);
    Best best{std::move(start), sum_of_squares(errors)};
    if (best.point.size() == (how.fixed ? 1U : 0U)) return best;
    double damping = 1e-2;
    std::optional<Jacobian> slopes;
    if (how.slopes) slopes = *how.slopes;
    bool fresh = false;  // the slopes are those of this point
    for (int round = 0; round < most_steps && best.sum > how.enough; ++round) {
        if (!slopes) {
            slopes = jacobian(model, best.point);
            fresh = true;
        }
        bool better = false;
        double moved = 0.0, gained = 0.0;
        for (int attempt = 0; attempt < 6 && !better; ++attempt) {
            const Point next = step(best.point, *slopes, errors, damping, how.fixed);
            moved = distance(next, best.point);
            if (moved < smallest_step) break;
            const std::vector<double> there = model.errors(next);
            const double sum = sum_of_squares(there);
            better = sum < best.sum;
            damping = better ? std::max(damping / 5, 1e-6) : damping * 8;
            if (!better && !fresh) break;
            if (!better) continue;
            gained = best.sum - sum;
            best = {next, sum};
            errors = there;
        }
        const bool stalled = !better || moved < smallest_step || gained < 3e-3 * best.sum;
        if (stalled && fresh) break;
        // Slopes from elsewhere are good for steps while they gain much.
        if (stalled || (fresh && gained < 0.5 * (best.sum + gained))) slopes.reset();
        fresh = false;
    }
    return best;
}

Best search(Model& model, const Point& start, std::uint64_t seed) {
    constexpr std::size_t points = 12, descents = 3;
    std::mt19937_64 random(seed);
    std::vector<Best> starts;
    for (std::size_t i = 0; i < points; ++i) {
        Point point = start;
        for (double& each : point) {
            const auto bits = static_cast<double>(random() >> 11U);
            if (i > 0) each = bits / 9007199254740992.0;
        }
        starts.push_back({point, sum_of_squares(model.errors(point))});
    }
    // The given start goes along in any case.
    std::stable_sort(starts.begin() + 1, starts.end(),
                     [](const Best& a, const Best& b) { return a.sum < b.sum; });
    Best best = descend(model, starts.front().point);
    for (std::size_t i = 1; i < descents; ++i) {
        Best other = descend(model, starts[i].point);
        if (other.sum < best.sum) best = std::move(other);
    }
    return polish(model, std::move(best));
}

namespace {

/// From the best point towards one bound: the last place whose sum is allowed.
std::pair<double, bool> end_of(Model& model, const Best& best, std::size_t parameter,
                               const Descent& how, double direction, double guess) {
    const double limit = how.enough;
    const double bound = direction < 0 ? 0.0 : 1.0;
    Point inside = best.point;
    double outside = 0.0;
    bool found = false;
    for (double reach = std::max(guess, 1e-3); !found; reach *= 2) {
        Point point = inside;
        point[parameter] = std::clamp(best.point[parameter] + direction * reach, 0.0, 1.0);
        const Best there = descend(model, point, how);
        if (there.sum > limit) {
            outside = point[parameter];
            found = true;
        } else {
            inside = there.point;
            if (inside[parameter] == bound) return {bound, true};
        }
    }
    for (int i = 0; i < 5 && std::abs(outside - inside[parameter]) > 3e-3; ++i) {
        Point point = inside;
        point[parameter] = 0.5 * (outside + inside[parameter]);
        const Best there = descend(model, point, how);
        if (there.sum > limit) {
            outside = point[parameter];
        } else {
            inside = there.point;
        }
    }
    // To the safe side: the first place that was refused.
    return {outside, false};
}

}  // namespace

Ends profile(Model& model, const Best& best, std::size_t parameter, double allowed) {
    const Jacobian slopes = jacobian(model, best.point);
    double slope = 0.0;
    for (const auto& row : slopes) slope += row[parameter] * row[parameter];
    // What it could move by alone; others make up for part of it.
    const double guess = slope > 0.0 ? std::min(std::sqrt(allowed / slope), 1.0) : 1.0;
    const Descent how{parameter, &slopes, best.sum + allowed};
    Ends ends;
    std::tie(ends.low, ends.reaches_low) = end_of(model, best, parameter, how, -1.0, guess);
    std::tie(ends.high, ends.reaches_high) = end_of(model, best, parameter, how, 1.0, guess);
    return ends;
}

}  // namespace u65sim::fitting
