// Configuration files in Vela's .ini dialect: [sections], key=value, comments behind ; or #, and
// sections that inherit others.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace u65sim::config {

struct IniValue {
    std::string text;
    std::size_t line = 0;
};

/// Keys of one section, inherited ones included.
using IniSection = std::map<std::string, IniValue, std::less<>>;

class IniFile {
public:
    /// `origin` stands for the file in messages. Throws InvalidConfig (origin:line: ...).
    IniFile(std::string_view text, std::string origin);

    /// Follows `inherit=`. Throws InvalidConfig for a missing section, naming the nearest one,
    /// and for sections that inherit each other in a circle.
    [[nodiscard]] IniSection section(std::string_view name) const;

    [[nodiscard]] const std::string& origin() const { return origin_; }
    /// Throws InvalidConfig "origin:line: message".
    [[noreturn]] void fail(std::size_t line, std::string_view message) const;

private:
    std::string origin_;
    std::map<std::string, IniSection, std::less<>> sections_;
};

}  // namespace u65sim::config
