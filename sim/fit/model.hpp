// What the simulator says of each measurement, as a function of the fields that are looked for.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <u65sim/compile.hpp>
#include <u65sim/fit.hpp>

namespace u65sim::fitting {

/// A free field. Values are searched on a scale from 0 to 1 between its bounds, logarithmic where
/// both are above 0 and far apart.
struct Parameter {
    std::string key, unit;
    double least = 0.0, most = 1.0;
    bool logarithmic = false;
    bool whole = false;  ///< takes whole numbers: between them, figures are interpolated
    bool host = false;   ///< costs no simulation

    [[nodiscard]] double value(double scaled) const;
    [[nodiscard]] double scaled(double value) const;
};
using Point = std::vector<double>;  ///< scaled values, a parameter each

struct Measurement {
    std::string name, counter;
    double value = 0.0;
    Target target;  ///< the board with the row's settings
    CompiledNetwork stream;
};

class Model {
public:
    Model(std::vector<Parameter> parameters, std::vector<Measurement> measurements,
          std::function<void(std::size_t)> progress);

    [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
    [[nodiscard]] const std::vector<Measurement>& measurements() const { return measurements_; }
    /// The figure of each measurement. Throws InvalidConfig for a counter that there is not.
    std::vector<double> figures(const Point& point);
    /// ln(figure / measured) of each.
    std::vector<double> errors(const Point& point);
    [[nodiscard]] std::size_t simulations() const { return simulations_; }

private:
    /// Values as texts that the fields take.
    using Values = std::vector<std::string>;
    double figure(std::size_t index, const Values& values);
    double interpolated(std::size_t index, const Point& point, Values& values, std::size_t next);
    /// Of a run, what figures are made from.
    struct Run {
        Cycles cycles{0};
        std::map<std::string, double> events;
    };
    const Run& simulated(std::size_t index, const Target& target, const Values& values);

    std::vector<Parameter> parameters_;
    std::vector<Measurement> measurements_;
    std::function<void(std::size_t)> progress_;
    std::map<std::pair<std::size_t, std::string>, Run> known_;
    std::size_t simulations_ = 0;
};

/// The text of a number that a field takes.
std::string field_text(const Parameter& parameter, double value);

}  // namespace u65sim::fitting
