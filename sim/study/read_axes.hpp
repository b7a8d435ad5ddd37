// The axes of a study's file: each is a list of steps, and a step is what it sets.
#pragma once

#include <string>
#include <vector>

#include <u65sim/study.hpp>

#include "config/yaml_document.hpp"
#include "study/plan.hpp"

namespace u65sim::study {

using Axis = std::vector<Settings>;

class AxisReader {
public:
    AxisReader(const config::YamlDocument& document, const std::filesystem::path& folder)
        : document_(document), folder_(folder) {}

    /// One entry of `axes`: a key and its values, or zip, list or random.
    [[nodiscard]] Axis axis(const YAML::Node& node) const;
    /// The values of one key: one value, a list, or a range.
    [[nodiscard]] std::vector<std::string> values(const YAML::Node& key,
                                                  const YAML::Node& node) const;
    /// A key and a value that fit together.
    [[nodiscard]] StudySetting setting(const YAML::Node& key, const YAML::Node& value) const;
    /// A map of keys and values.
    [[nodiscard]] Settings settings(const YAML::Node& map, std::string_view what) const;
    /// Throws InvalidConfig unless it names a key of studies.
    void check_key(const YAML::Node& key) const;

private:
    struct Draw;

    [[nodiscard]] Axis zipped(const YAML::Node& node) const;
    [[nodiscard]] Axis listed(const YAML::Node& node) const;
    [[nodiscard]] Axis random(const YAML::Node& node) const;
    [[nodiscard]] Draw draw_of(const YAML::Node& key, const YAML::Node& node) const;
    void read_interval(const YAML::Node& key, const YAML::Node& node, Draw& draw) const;
    [[nodiscard]] std::vector<std::string> range(const YAML::Node& node) const;
    void check(const YAML::Node& place, const StudySetting& setting) const;

    const config::YamlDocument& document_;
    const std::filesystem::path& folder_;
};

}  // namespace u65sim::study
