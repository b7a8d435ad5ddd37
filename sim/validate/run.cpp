// Runs the rows of a plan: each combination of network, producer and target once.
#include <cstdlib>
#include <memory>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <u65sim/compile.hpp>
#include <u65sim/compile_cache.hpp>
#include <u65sim/error.hpp>
#include <u65sim/report.hpp>
#include <u65sim/simulate.hpp>
#include <u65sim/validate.hpp>

#include "oracle/named.hpp"

namespace u65sim {
namespace {

namespace fs = std::filesystem;

/// What stands in the way of running a row at all: nothing that our program could change.
struct Absent {
    std::string reason;
};

/// What a run gave, without the report's bulk.
struct Outcome {
    ValidationResult::Status status = ValidationResult::Status::measured;
    std::string reason, made_by;
    std::map<std::string, double> counters;
};

/// A command stream: what it is made from, how, and the target it is made for.
using StreamKey = std::tuple<std::string, std::string, bool, std::string>;  // network, file, like
                                                                            // Vela, target
/// A stream on a machine with these settings.
using RunKey = std::pair<StreamKey, std::vector<std::string>>;

RunKey run_key(const ValidationRow& row) {
    return {{row.compiled_file.empty() ? row.network : "", row.compiled_file, row.like_vela,
             row.target},
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

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (!value || !*value) return std::nullopt;
    return value;
}

class Runner {
public:
    explicit Runner(const ValidateOptions& options) : options_(options) {
        if (!options_.variable) options_.variable = environment;
    }

    Outcome run(const ValidationRow& row) {
        Outcome outcome;
        const auto fail = [&](ValidationResult::Status status, std::string reason) {
            outcome.status = status;
            outcome.reason = std::move(reason);
        };
        try {
            const CompiledNetwork& network = stream(row);
            const Target machine = machine_of(row, options_.settings);
            const Simulation simulation = simulate(network, machine);
            const Report report = make_report(network, machine, simulation);
            outcome.made_by = report.model.producer;
            for (const auto& [name, value] : simulation.pmu) {
                outcome.counters[name] = static_cast<double>(value);
            }
            outcome.counters["latency_ms"] = report.latency_ms();
        } catch (const Absent& absent) {
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
    std::string expand(const std::string& text) const {
        std::string out;
        std::size_t at = 0;
        while (true) {
            const std::size_t begin = text.find("${", at);
            out += text.substr(at, begin - at);
            if (begin == std::string::npos) return out;
            const std::size_t end = text.find('}', begin);
            if (end == std::string::npos) return out + text.substr(begin);
            const std::string name = text.substr(begin + 2, end - begin - 2);
            const auto value = options_.variable(name);
            if (!value) throw Absent{fmt::format("the variable {} is not set", name)};
            out += *value;
            at = end + 1;
        }
    }

    const Graph& graph(const std::string& text) {
        const auto known = graphs_.find(text);
        if (known != graphs_.end()) return known->second;
        std::string name = text;
        if (!named::zoo_name(text)) {
            name = expand(text);
            std::error_code code;
            if (!fs::exists(name, code)) throw Absent{fmt::format("no such file: {}", text)};
        }
        return graphs_.emplace(text, named::network(name)).first->second;
    }

    const CompiledNetwork& stream(const ValidationRow& row) {
        const StreamKey key = run_key(row).first;
        const auto known = streams_.find(key);
        if (known != streams_.end()) return known->second;
        const bool own = row.compiled_file.empty();
        const std::string& file = own ? row.network : row.compiled_file;
        const Graph& network = graph(file);
        if (is_compiled(network) == own) {
            throw InvalidModel(
                own ? fmt::format("{}: is compiled already: must be given as a producer's file",
                                  file)
                    : fmt::format("{}: holds no ethos-u operator: must be compiled", file));
        }
        const Target target = target_of(row, options_.settings);
        CompileOptions options;
        options.like_vela = row.like_vela;
        return streams_
            .emplace(key, own ? compile(network, target, options, cache_)
                              : import_compiled(network, target))
            .first->second;
    }

    ValidateOptions options_;
    std::map<std::string, Graph> graphs_;
    std::map<StreamKey, CompiledNetwork> streams_;
    CompileCache cache_{};  ///< rows have networks in common
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
