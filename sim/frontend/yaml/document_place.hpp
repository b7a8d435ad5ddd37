// A value of a YAML graph that knows where it stands.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <u65sim/error.hpp>
#include <u65sim/text.hpp>

#include "base/nearest_word.hpp"
#include "base/place.hpp"

namespace u65sim::frontend {

/// An error whose message starts with its place.
class PlacedError : public InvalidModel {
public:
    using InvalidModel::InvalidModel;
};

/// A place of the document that can complain about itself.
class Place {
public:
    Place(std::string_view origin, YAML::Node node) : origin_(origin), node_(std::move(node)) {}

    [[noreturn]] void fail(const std::string& reason) const {
        const YAML::Mark mark = node_.IsDefined() ? node_.Mark() : YAML::Mark::null_mark();
        throw PlacedError(fmt::format("{}: {}", place_in(origin_, mark.line, mark.column), reason));
    }
    [[nodiscard]] const YAML::Node& node() const { return node_; }
    [[nodiscard]] Place at(const YAML::Node& node) const { return {origin_, node}; }

    /// Throws unless this is a map with known keys only.
    void expect_map(const std::vector<std::string>& known) const {
        if (!node_.IsMap()) fail("must be a map of keys and values");
        std::set<std::string> seen;
        for (const auto& entry : node_) {
            const std::string key = at(entry.first).text("a key");
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                at(entry.first)
                    .fail(fmt::format("unknown key '{}'; {}", printable(key),
                                      known_words(key, known, "'")));
            }
            if (!seen.insert(key).second) {
                at(entry.first).fail(fmt::format("key '{}' stands twice", key));
            }
        }
    }
    [[nodiscard]] bool has(const char* key) const { return node_[key].IsDefined(); }
    [[nodiscard]] Place get(const char* key) const {
        if (!has(key)) fail(fmt::format("'{}' is missing", key));
        return at(node_[key]);
    }

    [[nodiscard]] std::string text(std::string_view what) const {
        if (!node_.IsScalar()) fail(fmt::format("{} must be a single word or number", what));
        return node_.Scalar();
    }
    template <class Number>
    [[nodiscard]] Number number(std::string_view what) const {
        const std::string word = text(what);
        Number value{};
        bool is_right = YAML::convert<Number>::decode(node_, value);
        if constexpr (std::is_floating_point_v<Number>) is_right = is_right && std::isfinite(value);
        if (!is_right) {
            fail(fmt::format(
                "{} = {}: must be {}", what, printable(word),
                std::is_integral_v<Number> ? "a whole number in range" : "a finite number"));
        }
        return value;
    }
    [[nodiscard]] std::int32_t positive(std::string_view what) const {
        const auto value = number<std::int32_t>(what);
        if (value < 1) fail(fmt::format("{} = {}: must be at least 1", what, value));
        return value;
    }
    [[nodiscard]] bool flag(std::string_view what) const {
        bool value = false;
        if (!YAML::convert<bool>::decode(node_, value)) {
            fail(fmt::format("{}: must be true or false", what));
        }
        return value;
    }
    template <class Kind>
    [[nodiscard]] Kind choice(std::string_view what,
                              const std::map<std::string, Kind>& choices) const {
        const std::string word = text(what);
        const auto found = choices.find(word);
        if (found == choices.end()) {
            std::vector<std::string> names;
            for (const auto& [name, kind] : choices) names.push_back(name);
            fail(fmt::format("unknown {} '{}'; {}", what, printable(word),
                             known_words(word, names, "'")));
        }
        return found->second;
    }
    [[nodiscard]] std::vector<Place> list(std::string_view what) const {
        if (!node_.IsSequence()) fail(fmt::format("{} must be a list", what));
        std::vector<Place> items;
        for (const auto& item : node_) items.push_back(at(item));
        return items;
    }
    [[nodiscard]] std::vector<std::int32_t> numbers(std::string_view what) const {
        std::vector<std::int32_t> values;
        for (const Place& item : list(what)) values.push_back(item.number<std::int32_t>(what));
        return values;
    }

private:
    std::string_view origin_;
    YAML::Node node_;
};

}  // namespace u65sim::frontend
