// Holding the simulator against measurements: reference rows in, errors per row and group out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/compile.hpp>

namespace u65sim {

/// What a reference figure says about ours.
enum class ReferenceKind : std::uint8_t {
    figure,        ///< to be met: an error is counted
    upper_bound,   ///< ours must not be above it; no error is counted
    lower_bound,   ///< ours must not be below it; no error is counted
    does_not_fit,  ///< the network must be refused for its size
};
std::string_view to_string(ReferenceKind kind);

/// One reference figure for one producer of command streams.
struct ValidationRow {
    std::string place;                  ///< file:line:column it was read from
    std::string group;                  ///< figures of one group share a mean; groups span files
    std::string network;                ///< "zoo:NAME" or a file; ${NAME} stands for a variable
    std::string target;                 ///< a preset, or a YAML file
    std::vector<std::string> settings;  ///< "key=value" for the machine alone, not the compiler
    std::string producer;               ///< of the command stream, as rows name it
    std::string compiled_file;  ///< its compiled network; empty: our compiler makes the stream
    bool like_vela = false;     ///< with CompileOptions::like_vela
    VelaVersion vela_version = VelaVersion::v5_2;  ///< CompileOptions::vela_version
    std::string counter;  ///< a PMU event's name, latency_ms, npu_ms or inference_ms
    ReferenceKind kind = ReferenceKind::figure;
    double reference = 0.0;          ///< in the counter's unit
    std::optional<double> baseline;  ///< an estimator's figure for the same, for comparison
    std::string label;               ///< short name of the settings, for tables
    std::string source;              ///< where the reference is from
    std::string pair;  ///< rows with the same one must come out in the references' order
    bool operator==(const ValidationRow&) const = default;
};

/// What is asked of the rows of a group by one producer. Percent of absolute error.
struct ValidationGoal {
    std::string group;
    std::string producer;  ///< empty: every producer
    std::string target;    ///< empty: every target
    std::optional<double> mean;
    std::optional<double> worst;
    bool operator==(const ValidationGoal&) const = default;
};

/// Everything one or more files of reference rows say.
struct ValidationPlan {
    std::vector<std::string> titles;  ///< one a file
    std::vector<std::string> notes;   ///< one a file; may be empty
    std::vector<ValidationRow> rows;
    std::vector<ValidationGoal> goals;
    std::map<std::string, std::string> baselines;  ///< group -> who estimated its baselines
    bool operator==(const ValidationPlan&) const = default;
};

/// Reads files of reference rows. Throws FileError, or InvalidConfig with file:line:column.
ValidationPlan read_validation(const std::vector<std::filesystem::path>& files);
/// One document in memory; `origin` stands for the file in messages, and paths are relative to the
/// current folder.
ValidationPlan read_validation_text(std::string_view text, std::string_view origin = "<text>");

/// What became of a row.
struct ValidationResult {
    enum class Status : std::uint8_t {
        measured,  ///< `ours` holds our figure
        refused,   ///< the network does not fit the target; `reason` holds the message
        skipped,   ///< a file is not there; `reason` says which
        failed,    ///< it could not be compiled or simulated; `reason` holds the message
    };
    ValidationRow row;
    Status status = Status::skipped;
    double ours = 0.0;
    /// Ours with every number of the target at its fast end and at its slow end; nothing without
    /// ranges.
    std::optional<double> low, high;
    std::string made_by;  ///< the stream's producer as its report names it
    std::string reason;

    /// Signed percent of the reference; nothing where no error is counted.
    [[nodiscard]] std::optional<double> error_percent() const;
    /// For bounds and refusals: whether ours keeps to it. Nothing for figures and skipped rows.
    [[nodiscard]] std::optional<bool> agrees() const;
    /// Whether a figure's reference lies from `low` to `high`; nothing without them.
    [[nodiscard]] std::optional<bool> in_range() const;
    bool operator==(const ValidationResult&) const = default;
};
std::string_view to_string(ValidationResult::Status status);

/// The figures of one group by one producer, all targets together or one of them. Percent.
struct ValidationSummary {
    std::string group, producer;
    std::string target;                                   ///< empty: all of them
    std::size_t rows = 0;                                 ///< figures that were measured
    std::size_t others = 0;                               ///< skipped, failed or refused
    double mean = 0.0;                                    ///< of absolute errors
    double worst = 0.0;                                   ///< signed, of the largest absolute error
    double bias = 0.0;                                    ///< mean of signed errors
    std::string worst_row;                                ///< network and target of the worst
    std::optional<double> baseline_mean, baseline_worst;  ///< of the rows that have a baseline
    std::optional<double> goal_mean, goal_worst;
    /// Nothing without a goal or without rows; a goal counts as met only when no row was left out.
    [[nodiscard]] std::optional<bool> meets_goal() const;
    bool operator==(const ValidationSummary&) const = default;
};

/// Two measured rows of one pair by one producer.
struct ValidationPair {
    std::string pair, producer;
    std::string first, second;  ///< network, target and label; the reference of `first` is less
    double ours = 0.0;          ///< of the second over the first
    double reference = 0.0;     ///< the same of the references
    /// Whether ours have the references' order.
    [[nodiscard]] bool agrees() const { return ours > 1.0; }
    bool operator==(const ValidationPair&) const = default;
};

/// A row of configs/validation/boards.yaml as it came out when the library was released.
struct RecordedRow {
    std::string network, target, counter, source;
    double ours = 0.0, reference = 0.0;
    std::optional<double> low, high;
    ReferenceKind kind = ReferenceKind::figure;
    bool operator==(const RecordedRow&) const = default;
};
std::vector<RecordedRow> recorded_rows(std::string_view target);

/// All results of a run, in the order of the plan's rows.
struct Validation {
    std::string u65sim_version;
    ValidationPlan plan;
    std::vector<std::string> settings;  ///< given for all rows
    std::vector<ValidationResult> results;
    bool operator==(const Validation&) const = default;

    /// One a group and producer, in the order they first appear.
    [[nodiscard]] std::vector<ValidationSummary> summaries() const;
    /// The same for each target on its own.
    [[nodiscard]] std::vector<ValidationSummary> summaries_by_target() const;
    /// Every two rows of one pair whose references differ.
    [[nodiscard]] std::vector<ValidationPair> pairs() const;
    /// Rows that could not be compiled or simulated.
    [[nodiscard]] std::size_t failures() const;
    [[nodiscard]] std::string to_text() const;  ///< at most 100 columns
    [[nodiscard]] std::string to_csv() const;   ///< one line a row
    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] std::string to_markdown() const;
    [[nodiscard]] std::string to_html() const;  ///< one page with its plot, no other files needed
};

struct ValidateOptions {
    std::vector<std::string> settings;  ///< "key=value" for compiler and machine of every row
    /// Keeps the rows whose group, network, target, producer or counter holds every one of these.
    std::vector<std::string> only;
    /// Value of a ${NAME}, or nothing. Default: the environment.
    std::function<std::optional<std::string>(const std::string&)> variable;
    /// Called before each simulation: how many are done, how many there are, what comes next.
    std::function<void(std::size_t, std::size_t, const std::string&)> progress;
};

/// Runs every row; equal combinations of network, target and producer are simulated once. A row
/// whose files are absent is skipped, one that cannot be run has failed: both say why. Throws
/// InvalidConfig for targets and settings that make no sense.
Validation validate(const ValidationPlan& plan, const ValidateOptions& options = {});

}  // namespace u65sim
