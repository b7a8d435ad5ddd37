// What a study's file varies around each of its points: sensitivities and uncertainty.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <u65sim/study.hpp>

#include "config/yaml_document.hpp"
#include "study/plan.hpp"

namespace u65sim::study {

/// Most points of a study.
constexpr std::size_t max_items = 1'000'000;

class AnalysesReader {
public:
    AnalysesReader(const config::YamlDocument& document, Study::Plan& plan)
        : document_(document), plan_(plan) {}

    /// Reads `sensitivities` and `uncertainty` of the file's keys and puts their items behind each
    /// point of the plan. Throws InvalidConfig with file:line:column.
    void read(const config::YamlDocument::Fields& fields);

private:
    /// "10 %" as a share.
    [[nodiscard]] double percent(const YAML::Node& node, std::string_view key) const;
    /// Throws InvalidConfig unless it names a number of the target.
    void check_numeric(const YAML::Node& key) const;
    [[nodiscard]] std::vector<StudySetting> sensitivities(const YAML::Node& node) const;
    /// How one field of a sensitivity changes: "x1.1", "+8", "-8".
    [[nodiscard]] std::string change_of(const YAML::Node& key, const YAML::Node& value) const;
    std::vector<Settings> uncertainty(const YAML::Node& node);
    void add_sensitivities(const Item& base, const std::vector<StudySetting>& changes,
                           std::vector<Item>& items) const;

    const config::YamlDocument& document_;
    Study::Plan& plan_;
};

}  // namespace u65sim::study
