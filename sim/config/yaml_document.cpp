#include "config/yaml_document.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <u65sim/error.hpp>

#include "base/nearest_word.hpp"
#include "base/place.hpp"

namespace u65sim::config {
namespace {

template <class Number>
std::optional<Number> parsed(const std::string& text) {
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

}  // namespace

YAML::Node YamlDocument::parse(std::string_view text, std::size_t max_bytes) const {
    if (text.size() > max_bytes) {
        throw InvalidConfig(
            fmt::format("{}: {} bytes: must be at most {}", origin_, text.size(), max_bytes));
    }
    try {
        return YAML::Load(std::string(text));
    } catch (const YAML::Exception& error) {
        fail(error.mark, error.msg);
    }
}

std::string YamlDocument::place(const YAML::Mark& mark) const {
    if (mark.is_null()) return origin_;
    return place_in(origin_, mark.line, mark.column);
}

void YamlDocument::fail(const YAML::Mark& mark, std::string_view message) const {
    throw InvalidConfig(fmt::format("{}: {}", place(mark), message));
}

void YamlDocument::fail_unknown(const YAML::Node& key, const std::vector<std::string>& keys) const {
    const std::string clipped = key.Scalar().substr(0, 100);
    fail(key.Mark(), fmt::format("unknown key {}; {}", clipped, known_words(clipped, keys)));
}

YamlDocument::Fields YamlDocument::map_of(const YAML::Node& node, std::string_view what,
                                          const std::vector<std::string>& keys) const {
    if (!node.IsMap()) {
        fail(node.Mark(), fmt::format("{}: must be a map of {}", what, fmt::join(keys, ", ")));
    }
    Fields fields;
    for (const auto& entry : node) {
        const std::string& key = key_of(entry.first);
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) fail_unknown(entry.first, keys);
        if (!fields.emplace(key, entry.second).second) {
            fail(entry.first.Mark(), fmt::format("{}: must be given only once", key));
        }
    }
    return fields;
}

const YAML::Node& YamlDocument::require(const Fields& fields, const YAML::Node& around,
                                        const std::string& key) const {
    const auto found = fields.find(key);
    if (found == fields.end()) fail(around.Mark(), fmt::format("{}: must be given", key));
    return found->second;
}

const YAML::Node& YamlDocument::sequence(const YAML::Node& node, std::string_view key) const {
    if (!node.IsSequence()) fail(node.Mark(), fmt::format("{}: must be a list", key));
    return node;
}

const std::string& YamlDocument::key_of(const YAML::Node& key) const {
    if (!key.IsScalar()) fail(key.Mark(), "a key must be a plain word");
    return key.Scalar();
}

const std::string& YamlDocument::scalar(const YAML::Node& node, std::string_view key) const {
    if (!node.IsScalar()) fail(node.Mark(), fmt::format("{}: must be a single value", key));
    return node.Scalar();
}

std::string YamlDocument::text_of(const YAML::Node& node, std::string_view key) const {
    std::string text = scalar(node, key);
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    if (text.empty()) fail(node.Mark(), fmt::format("{}: must not be empty", key));
    return text;
}

double YamlDocument::any_number(const YAML::Node& node, std::string_view key) const {
    const std::string text = text_of(node, key);
    const auto value = parsed<double>(text);
    if (!value || !std::isfinite(*value)) {
        fail(node.Mark(), fmt::format("{} = {}: must be a number", key, text));
    }
    return *value;
}

double YamlDocument::number(const YAML::Node& node, std::string_view key) const {
    const std::string text = text_of(node, key);
    const auto value = parsed<double>(text);
    if (!value || !std::isfinite(*value) || *value <= 0) {
        fail(node.Mark(), fmt::format("{} = {}: must be a number above 0", key, text));
    }
    return *value;
}

long long YamlDocument::whole(const YAML::Node& node, std::string_view key, long long low,
                              long long high) const {
    const std::string text = text_of(node, key);
    const auto value = parsed<long long>(text);
    if (!value || *value < low || *value > high) {
        fail(node.Mark(),
             fmt::format("{} = {}: must be a whole number from {} to {}", key, text, low, high));
    }
    return *value;
}

}  // namespace u65sim::config
