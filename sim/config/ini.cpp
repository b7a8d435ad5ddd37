#include "config/ini.hpp"

#include <set>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include "base/nearest_word.hpp"
#include "target/quantity_text.hpp"

namespace u65sim::config {

IniFile::IniFile(std::string_view text, std::string origin) : origin_(std::move(origin)) {
    IniSection* open = nullptr;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        ++number;
        line = text::trim(line.substr(0, line.find_first_of(";#")));
        if (line.empty()) continue;
        if (line.front() == '[') {
            if (line.back() != ']') fail(number, fmt::format("{}: must end with ]", line));
            const std::string name{text::trim(line.substr(1, line.size() - 2))};
            const auto [at, is_new] = sections_.try_emplace(name);
            if (!is_new) fail(number, fmt::format("[{}]: must stand only once", name));
            open = &at->second;
            continue;
        }
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos || !open) {
            fail(number, fmt::format("{}: must be key=value within a [section]", line));
        }
        const std::string key{text::trim(line.substr(0, equals))};
        const std::string value{text::trim(line.substr(equals + 1))};
        if (!open->try_emplace(key, IniValue{value, number}).second) {
            fail(number, fmt::format("{}: must be given only once in its section", key));
        }
    }
}

IniSection IniFile::section(std::string_view name) const {
    IniSection result;
    std::set<std::string> seen;
    std::string current{name};
    std::size_t line = 0;
    while (true) {
        const auto found = sections_.find(current);
        if (found == sections_.end()) {
            std::vector<std::string> names;
            for (const auto& each : sections_) names.push_back(each.first);
            const std::string message =
                fmt::format("[{}]: no such section; {}", current, known_words(current, names));
            if (line == 0) throw InvalidConfig(fmt::format("{}: {}", origin_, message));
            fail(line, message);
        }
        if (!seen.insert(current).second) {
            fail(line, fmt::format("inherit = {}: must not lead back to itself", current));
        }
        // What stands nearer wins.
        result.insert(found->second.begin(), found->second.end());
        const auto parent = found->second.find("inherit");
        if (parent == found->second.end()) break;
        current = parent->second.text;
        line = parent->second.line;
    }
    result.erase("inherit");
    return result;
}

void IniFile::fail(std::size_t line, std::string_view message) const {
    throw InvalidConfig(fmt::format("{}:{}: {}", origin_, line, message));
}

}  // namespace u65sim::config
