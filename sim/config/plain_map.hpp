// Maps of plain words, as most of the embedded files are, read without YAML's scanner, which takes
// longer for a preset than a small network takes to simulate.
#pragma once

#include <optional>
#include <string_view>

#include <yaml-cpp/yaml.h>

namespace u65sim::config {

/// What YAML::Load makes of `text`, without the places of its nodes. Nothing where the text holds
/// more than comments, "key: word" and "key:" with a deeper map of such lines.
std::optional<YAML::Node> read_plain_map(std::string_view text);

}  // namespace u65sim::config
