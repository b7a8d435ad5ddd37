// Finds the numbers of a board that nobody published from a handful of measurements of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <u65sim/target.hpp>
#include <u65sim/validate.hpp>

namespace u65sim {

struct FitOptions {
    /// Fields to find, "KEY" or "KEY=LOW..HIGH"; at most six. None: every field of the board that
    /// is assumed and has a range. Ranges are bounds: nothing outside is looked at.
    std::vector<std::string> free;
    /// Standard deviation of the measurements, percent. Nothing: what the rows scatter about the
    /// fit, for which there must be more of them than fields.
    std::optional<double> noise_percent;
    std::uint64_t seed = 1;  ///< of the points that the search begins at
    /// Value of a ${NAME} in the rows, or nothing. Default: the environment.
    std::function<std::optional<std::string>(const std::string&)> variable;
    /// Called before each simulation with how many there were; more are needed than is known.
    std::function<void(std::size_t)> progress;
};

/// A field that was looked for.
struct FittedField {
    enum class Verdict : std::uint8_t {
        found,        ///< the interval lies inside the bounds
        above,        ///< the rows only say that it is not below `low`
        below,        ///< ... not above `high`
        undetermined  ///< the rows say nothing of it within its bounds
    };
    std::string key, unit;
    double value = 0.0;
    double low = 0.0, high = 0.0;    ///< confidence of 99 %, by profile likelihood
    double least = 0.0, most = 0.0;  ///< the bounds
    Verdict verdict = Verdict::found;
    bool operator==(const FittedField&) const = default;
};
std::string_view to_string(FittedField::Verdict verdict);

/// Two fields that act alike on these rows: only what they do together is known.
struct FitTie {
    std::string first, second;
    double likeness = 0.0;  ///< cosine between what they do to the rows, -1 to 1
    bool operator==(const FitTie&) const = default;
};

/// One measurement beside the fitted board.
struct FitRow {
    std::string network, counter;
    double measured = 0.0, fitted = 0.0;
    bool operator==(const FitRow&) const = default;
};

struct Fit {
    Target board;  ///< with the fitted values, their intervals as ranges and `measured` as source
    std::vector<FittedField> fields;
    std::vector<FitTie> ties;
    std::vector<FitRow> rows;
    double scatter_percent = 0.0;  ///< root mean square of measured against fitted
    double noise_percent = 0.0;    ///< what the intervals rest on
    std::size_t simulations = 0;
    std::vector<std::string> remarks;  ///< what stands against trusting it
    bool operator==(const Fit&) const = default;

    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] std::string to_json() const;
};

/// The rows' target is the board, whatever target they name; their settings count for compiler and
/// machine. Where our compiler makes a row's stream, it is compiled for the board that is found.
/// Bounds (`bound: upper`) are left out, as are rows whose files are absent. Throws InvalidConfig
/// where nothing can be found: no free field, no row.
Fit fit(const Target& board, const ValidationPlan& rows, const FitOptions& options = {});

}  // namespace u65sim
