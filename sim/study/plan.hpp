// A study behind its reading: items to simulate, and what to make of their results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <u65sim/study.hpp>

#include "study/energy.hpp"
#include "study/variant.hpp"

namespace u65sim {
namespace study {

using Settings = std::vector<StudySetting>;

/// One line of a plan: what to simulate, and why.
struct Item {
    Settings settings;
    StudyRow::Role role = StudyRow::Role::point;
    std::size_t point = 0;  ///< the point of the axes it belongs to
    std::string varied;     ///< sensitivities: the field and its change, "dram.bandwidth +1"
};

/// How an item is answered.
enum class Pass : std::uint8_t {
    first,  ///< by effort quick where the plan simulates its front alone
    exact,  ///< by simulation
};

/// One thing to do.
struct Task {
    std::size_t item = 0;
    Pass pass = Pass::first;
    bool operator==(const Task&) const = default;
};

/// "latency_ms <= 2", or "fits" (always part of a search).
struct Condition {
    std::size_t measure = 0;
    std::string comparison;  ///< <, <=, ==, >=, >
    double limit = 0.0;
    std::string text;
};

/// The largest or smallest value of a key that keeps all conditions.
struct Search {
    std::string key;
    bool largest = true;
    std::vector<std::string> values;  ///< ascending
    std::vector<Condition> conditions;
};

struct Objective {
    std::size_t measure = 0;  ///< of measure_names(plan)
    bool larger_is_better = false;
};

struct PlotRequest {
    std::string title, x, y, series;
    bool log_x = false, log_y = false;
};

/// Figures known from elsewhere for points with these settings, such as published accuracies.
struct KnownFigures {
    Settings where;
    std::map<std::string, double> values;
};

}  // namespace study

struct Study::Plan {
    std::string origin;
    std::filesystem::path folder;
    std::string text;  ///< of the file: part of the study's identity
    std::string title, note;
    study::Settings base;  ///< of every point: network, target, fixed values
    std::vector<std::string> keep;
    std::vector<study::Item> items;
    std::size_t points = 0;
    std::optional<study::Search> search;
    std::optional<study::EnergyTable> energy;
    std::vector<std::string> axis_keys;       ///< in the order the axes name them
    std::vector<std::string> shown;           ///< measures of texts and tables, by name
    std::vector<std::string> known_measures;  ///< names of known figures
    std::string known_source;
    std::vector<study::KnownFigures> known;
    std::vector<study::Objective> pareto;
    bool simulates_front = false;  ///< and nothing that effort quick keeps off it
    std::vector<study::PlotRequest> plots;
    std::string uncertainty;       ///< what is drawn, for reports; empty without
    std::size_t samples = 0;       ///< drawn for each point
    std::size_t sampled_from = 0;  ///< items before sample(); 0: all are here

    /// Names of all measures of a row: the simulator's, then the known ones.
    [[nodiscard]] std::vector<std::string> measure_names() const;
};

}  // namespace u65sim
