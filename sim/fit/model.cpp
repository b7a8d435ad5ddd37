#include "fit/model.hpp"

#include <cmath>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/host.hpp>
#include <u65sim/simulate.hpp>

#include "report/join.hpp"
#include "target/fields.hpp"

namespace u65sim::fitting {

double Parameter::value(double scaled) const {
    if (logarithmic) return least * std::pow(most / least, scaled);
    return least + (most - least) * scaled;
}

double Parameter::scaled(double value) const {
    if (most <= least) return 0.0;
    if (logarithmic) return std::log(value / least) / std::log(most / least);
    return (value - least) / (most - least);
}

std::string field_text(const Parameter& parameter, double value) {
    if (parameter.whole) return fmt::format("{}", std::llround(value));
    // Rates are kept as exact fractions, so as decimals without exponent.
    return fmt::format("{:.6f}", value);
}

Model::Model(std::vector<Parameter> parameters, std::vector<Measurement> measurements,
             std::function<void(std::size_t)> progress)
    : parameters_(std::move(parameters)),
      measurements_(std::move(measurements)),
      progress_(std::move(progress)) {}

const Model::Run& Model::simulated(std::size_t index, const Target& target, const Values& values) {
    std::string key;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!parameters_[i].host) key += values[i] + ' ';
    }
    const auto found = known_.find({index, key});
    if (found != known_.end()) return found->second;
    if (progress_) progress_(simulations_);
    ++simulations_;
    const Simulation simulation = simulate(measurements_[index].stream, target);
    Run run{simulation.total, {}};
    for (const auto& [name, count] : simulation.pmu) {
        run.events[name] = static_cast<double>(count);
    }
    return known_.emplace(std::pair{index, key}, std::move(run)).first->second;
}

double Model::figure(std::size_t index, const Values& values) {
    const Measurement& measurement = measurements_[index];
    Target target = measurement.target;
    for (std::size_t i = 0; i < values.size(); ++i) {
        fields::assign(target, parameters_[i].key, values[i]);
    }
    const Run& run = simulated(index, target, values);
    const double npu_ms = report::milliseconds(run.cycles, target.accelerator.clock);
    if (measurement.counter == "npu_ms") return npu_ms;
    if (measurement.counter == "latency_ms") {
        return npu_ms + report::host_time_ms(measurement.stream, target.host);
    }
    if (measurement.counter == "inference_ms") {
        const WholeInference host = host_time(measurement.stream, target);
        return npu_ms + host.calls.ms + host.cpu.ms;
    }
    const auto event = run.events.find(measurement.counter);
    if (event != run.events.end() && event->second > 0.0) return event->second;
    throw InvalidConfig(
        fmt::format("{}: counter = {}: must be a PMU event that is not zero, latency_ms, npu_ms or "
                    "inference_ms",
                    measurement.name, measurement.counter));
}

double Model::interpolated(std::size_t index, const Point& point, Values& values,
                           std::size_t next) {
    if (next == point.size()) return figure(index, values);
    const Parameter& parameter = parameters_[next];
    const double value = parameter.value(point[next]);
    const double below = parameter.whole ? std::floor(value + 1e-9) : value;
    values[next] = field_text(parameter, below);
    const double first = interpolated(index, point, values, next + 1);
    const double share = value - below;
    if (!parameter.whole || share < 1e-6) return first;
    values[next] = field_text(parameter, below + 1);
    return first + share * (interpolated(index, point, values, next + 1) - first);
}

std::vector<double> Model::figures(const Point& point) {
    std::vector<double> all;
    for (std::size_t i = 0; i < measurements_.size(); ++i) {
        Values values(point.size());
        all.push_back(interpolated(i, point, values, 0));
    }
    return all;
}

std::vector<double> Model::errors(const Point& point) {
    std::vector<double> all = figures(point);
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i] = std::log(all[i] / measurements_[i].value);
    }
    return all;
}

}  // namespace u65sim::fitting
