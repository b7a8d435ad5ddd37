// Runs the rows of a plan: each combination of network, producer and target once.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <u65sim/compile.hpp>
#include <u65sim/error.hpp>
#include <u65sim/host.hpp>
#include <u65sim/report.hpp>
#include <u65sim/simulate.hpp>
#include <u65sim/validate.hpp>

#include "oracle/named.hpp"
#include "validate/streams.hpp"

namespace u65sim {
namespace {

namespace fs = std::filesystem;

/// What a run gave, without the report's bulk.
struct Outcome {
    ValidationResult::Status status = ValidationResult::Status::measured;
    std::string reason, made_by;
    std::map<std::string, double> counters;
    std::map<std::string, double> fast, slow;  ///< at the ends of ranges; empty without ranges
};

/// A command stream: network or file, whether made like Vela and which, and the target.
using StreamKey = std::tuple<std::string, std::string, bool, VelaVersion, std::string>;
/// A stream on a machine with these settings.
using RunKey = std::pair<StreamKey, std::vector<std::string>>;

RunKey run_key(const ValidationRow& row) {
    return {{row.compiled_file.empty() ? row.network : "", row.compiled_file, row.like_vela,
             row.vela_version, row.target},
            row.settings};
}

Target target_of(const ValidationRow& row, const std::vector<std::string>& settings) {
    try {
        Target target = named::target(row.target);
        for (const std::string& setting : settings) target.set(setting);
        return target;
    } catch (const Error& error) {
        throw InvalidConfig(fmt::format("{}: {}", row.place, error.what()));
    }
}

Target machine_of(const ValidationRow& row, const std::vector<std::string>& settings) {
    Target target = target_of(row, settings);
    try {
        for (const std::string& setting : row.settings) target.set(setting);
        target.validate();
    } catch (const Error& error) {
        throw InvalidConfig(fmt::format("{}: {}", row.place, error.what()));
    }
    return target;
}

class Runner {
public:
    explicit Runner(const ValidateOptions& options)
        : options_(options), streams_(options.variable) {}

    Outcome run(const ValidationRow& row) {
        Outcome outcome;
        const auto fail = [&](ValidationResult::Status status, std::string reason) {
            outcome.status = status;
            outcome.reason = std::move(reason);
        };
        try {
            const CompiledNetwork& network = streams_.of(row, target_of(row, options_.settings));
            const Target machine = machine_of(row, options_.settings);
            const Report report = make_report(network, machine, simulate(network, machine));
            outcome.made_by = report.model.producer;
            outcome.counters = validation::figures(report);
            if (machine.has_ranges()) {
                outcome.fast = end_figures(network, machine, RangeEnd::fast);
                outcome.slow = end_figures(network, machine, RangeEnd::slow);
            }
        } catch (const validation::Absent& absent) {
            fail(ValidationResult::Status::skipped, absent.reason);
        } catch (const DoesNotFit& error) {
            fail(ValidationResult::Status::refused, error.what());
        } catch (const Error& error) {
            fail(ValidationResult::Status::failed, error.what());
        } catch (const QuantityOverflow& error) {
            fail(ValidationResult::Status::failed, error.what());
        }
        return outcome;
    }

private:
    /// With every number at one end of its range, those of CPU operators' costs too, and the
    /// simulator's own error at that end.
    static std::map<std::string, double> end_figures(const CompiledNetwork& network,
                                                     const Target& machine, RangeEnd end) {
        const Target target = machine.at(end);
        auto counters =
            validation::figures(make_report(network, target, simulate(network, target)));
        const WholeInference host = host_time(network, machine);
        const bool fast = end == RangeEnd::fast;
        const double error = fast ? -simulator_error : simulator_error;
        const double npu = counters["npu_ms"];
        for (const char* time : {"npu_ms", "latency_ms"}) counters[time] += error * npu;
        counters["NPU_ACTIVE"] *= 1.0 + error;
        counters["inference_ms"] = counters["npu_ms"] +
                                   (fast ? host.calls.low_ms : host.calls.high_ms) +
                                   (fast ? host.cpu.low_ms : host.cpu.high_ms);
        return counters;
    }

    ValidateOptions options_;
    validation::Streams streams_;
};

bool is_wanted(const ValidationRow& row, const std::vector<std::string>& only) {
    const auto holds = [](const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    };
    for (const std::string& part : only) {
        if (!holds(row.group, part) && !holds(row.network, part) && !holds(row.target, part) &&
            !holds(row.producer, part) && !holds(row.counter, part)) {
            return false;
        }
    }
    return true;
}

ValidationResult result_of(const ValidationRow& row, const Outcome& outcome) {
    ValidationResult result;
    result.row = row;
    result.status = outcome.status;
    result.reason = outcome.reason;
    result.made_by = outcome.made_by;
    if (outcome.status != ValidationResult::Status::measured) return result;
    if (row.kind == ReferenceKind::does_not_fit) return result;
    const auto counter = outcome.counters.find(row.counter);
    if (counter == outcome.counters.end()) {
        std::vector<std::string> names;
        for (const auto& each : outcome.counters) names.push_back(each.first);
        result.status = ValidationResult::Status::failed;
        result.reason = fmt::format("{}: counter = {}: must be one of {}", row.place, row.counter,
                                    fmt::join(names, ", "));
        return result;
    }
    result.ours = counter->second;
    if (!outcome.fast.empty()) {
        const double ends[] = {outcome.fast.at(row.counter), outcome.slow.at(row.counter)};
        result.low = std::min({ends[0], ends[1], result.ours});
        result.high = std::max({ends[0], ends[1], result.ours});
    }
    return result;
}

}  // namespace

Validation validate(const ValidationPlan& plan, const ValidateOptions& options) {
    Validation validation;
    validation.u65sim_version = version();
    validation.plan = plan;
    validation.settings = options.settings;
    validation.plan.rows.clear();
    std::map<RunKey, std::optional<Outcome>> outcomes;
    for (const ValidationRow& row : plan.rows) {
        if (!is_wanted(row, options.only)) continue;
        validation.plan.rows.push_back(row);
        // A wrong target or setting shall be told before the first long run.
        if (outcomes.try_emplace(run_key(row)).second) machine_of(row, options.settings);
    }
    Runner runner{options};
    std::size_t done = 0;
    for (const ValidationRow& row : validation.plan.rows) {
        std::optional<Outcome>& outcome = outcomes[run_key(row)];
        if (!outcome) {
            if (options.progress) {
                const std::string what =
                    fmt::format("{} on {}, {}", row.network, fs::path(row.target).stem().string(),
                                row.producer);
                options.progress(done, outcomes.size(), what);
            }
            outcome = runner.run(row);
            ++done;
        }
        validation.results.push_back(result_of(row, *outcome));
    }
    return validation;
}

}  // namespace u65sim
