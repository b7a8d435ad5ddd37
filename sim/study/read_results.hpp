// What a study's file asks of its results: measures, searches, fronts, plots, figures beside.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <u65sim/study.hpp>

#include "config/yaml_document.hpp"
#include "study/plan.hpp"
#include "study/read_axes.hpp"

namespace u65sim::study {

/// Longest study file, and longest file that one names.
constexpr std::size_t max_study_bytes = 4 << 20;

class ResultsReader {
public:
    ResultsReader(const config::YamlDocument& document, const AxisReader& axes, Study::Plan& plan)
        : document_(document), axes_(axes), plan_(plan) {}

    /// Reads `energy`, `known`, `find`, `measures`, `pareto`, `simulate` and `plots` of the file's
    /// keys, behind the axes. Throws InvalidConfig with file:line:column.
    void read(const config::YamlDocument::Fields& fields);

private:
    using Fields = config::YamlDocument::Fields;

    void read_energy(const YAML::Node& node);
    void read_known(const YAML::Node& node);
    void read_known_rows(const YAML::Node& rows, const std::vector<YAML::Node>& keys);
    void read_find(const YAML::Node& node);
    void read_measures(const YAML::Node& node);
    void read_pareto(const YAML::Node& node);
    void read_simulate(const Fields& fields);
    void read_plots(const YAML::Node& node);

    [[nodiscard]] Condition condition(const YAML::Node& node) const;
    [[nodiscard]] Objective objective(const YAML::Node& node) const;
    /// Position of a name among all measures. `node` is its place.
    [[nodiscard]] std::size_t measure_named(const std::string& name, const YAML::Node& node) const;
    /// The same of a node that is a measure's name, which must have what it is computed from.
    [[nodiscard]] std::size_t measure_of(const YAML::Node& node) const;
    [[nodiscard]] std::string axis_or_measure(const YAML::Node& node) const;
    [[nodiscard]] bool flag(const Fields& fields, const std::string& key) const;

    const config::YamlDocument& document_;
    const AxisReader& axes_;
    Study::Plan& plan_;
};

}  // namespace u65sim::study
