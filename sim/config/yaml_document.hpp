// A YAML file asked value by value, where every complaint names file, line and column.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

namespace u65sim::config {

class YamlDocument {
public:
    using Fields = std::map<std::string, YAML::Node>;

    /// `origin` stands for the file in messages.
    explicit YamlDocument(std::string origin) : origin_(std::move(origin)) {}

    /// Throws InvalidConfig for text that is no YAML or longer than `max_bytes`.
    [[nodiscard]] YAML::Node parse(std::string_view text, std::size_t max_bytes) const;

    /// "file:line:column".
    [[nodiscard]] std::string place(const YAML::Mark& mark) const;
    /// Throws InvalidConfig "file:line:column: message".
    [[noreturn]] void fail(const YAML::Mark& mark, std::string_view message) const;

    /// A map of these keys and no others, each once; an unknown key names the nearest known one.
    Fields map_of(const YAML::Node& node, std::string_view what,
                  const std::vector<std::string>& keys) const;
    /// "unknown key X; the nearest known one is Y".
    [[noreturn]] void fail_unknown(const YAML::Node& key,
                                   const std::vector<std::string>& keys) const;
    const YAML::Node& require(const Fields& fields, const YAML::Node& around,
                              const std::string& key) const;
    const YAML::Node& sequence(const YAML::Node& node, std::string_view key) const;
    /// The name that a key of a map is.
    [[nodiscard]] const std::string& key_of(const YAML::Node& key) const;
    /// A single value as it stands, which may be empty.
    [[nodiscard]] const std::string& scalar(const YAML::Node& node, std::string_view key) const;
    /// A single value that is not empty, blanks and line ends behind it left out.
    [[nodiscard]] std::string text_of(const YAML::Node& node, std::string_view key) const;
    /// A finite number above 0.
    [[nodiscard]] double number(const YAML::Node& node, std::string_view key) const;
    /// A finite number of any sign.
    [[nodiscard]] double any_number(const YAML::Node& node, std::string_view key) const;
    /// A whole number from `low` to `high`.
    [[nodiscard]] long long whole(const YAML::Node& node, std::string_view key, long long low,
                                  long long high) const;

private:
    std::string origin_;
};

}  // namespace u65sim::config
