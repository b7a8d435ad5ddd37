// Reports of several runs side by side.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace u65sim {

/// What a comparison takes from the JSON of a report.
struct ComparedRun {
    std::string origin;  ///< the file, for messages and headings
    std::string json;    ///< the whole report
    std::string network, target;
    std::optional<double> latency_ms;  ///< nothing where the NPU runs no part of the network
    /// The summary's figures by name, in the report's order: cycles, bytes, counts.
    std::vector<std::pair<std::string, std::int64_t>> figures;
    std::vector<std::pair<std::string, std::int64_t>> stalls;  ///< cycles by cause
    struct Operator {
        std::string name, type, bound_by;
        std::int64_t cycles = 0, dram_bytes = 0;
        bool operator==(const Operator&) const = default;
    };
    std::vector<Operator> operators;
    bool operator==(const ComparedRun&) const = default;
};

/// The first run is what the others are compared with.
struct Comparison {
    std::vector<ComparedRun> runs;
    bool operator==(const Comparison&) const = default;

    /// Summary, causes, and the operators that differ most; at most 100 columns.
    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] std::string to_json() const;
    /// The page of Report::to_html, for all runs.
    [[nodiscard]] std::string to_html() const;
};

/// `reports`: origin and JSON of each. Throws InvalidConfig naming the origin and the key that is
/// missing or wrong, or for fewer than two.
Comparison compare_reports(const std::vector<std::pair<std::string, std::string>>& reports);

}  // namespace u65sim
