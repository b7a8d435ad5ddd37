#include "study/typed_settings.hpp"

#include <cctype>
#include <cmath>
#include <cstdint>
#include <map>

#include <fmt/format.h>
#include <u65sim/study.hpp>

#include "study/quantities.hpp"

namespace u65sim::study {

std::string unit_of_key(const std::string& key) {
    static const std::map<std::string, std::string> units = [] {
        std::map<std::string, std::string> all;
        for (const StudyKey& each : study_keys()) all.emplace(each.key, each.unit);
        return all;
    }();
    const auto found = units.find(key);
    return found != units.end() ? found->second : std::string{};
}

std::string column_of(const std::string& key) {
    std::string unit = unit_of_key(key);
    if (unit.empty()) return key;
    if (unit == "B/cycle") unit = "bytes_per_cycle";
    std::string suffix = "_";
    for (const char each : unit) {
        const auto letter = static_cast<unsigned char>(each);
        suffix += std::isalnum(letter) != 0 ? static_cast<char>(std::tolower(letter)) : '_';
    }
    return key.ends_with(suffix) ? key : key + suffix;
}

std::optional<double> typed_value(std::string_view text) {
    if (text.starts_with('+')) return std::nullopt;  // more than the target has
    return quantity(text);
}

std::string typed_text(const std::string& text) {
    const auto value = typed_value(text);
    if (!value) return text;
    if (std::floor(*value) == *value && std::abs(*value) < 1e15) {
        return fmt::format("{}", static_cast<std::int64_t>(*value));
    }
    return fmt::format("{}", *value);
}

}  // namespace u65sim::study
