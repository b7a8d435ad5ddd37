#include "config/plain_map.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace u65sim::config {

namespace {

bool is_word(std::string_view text) {
    constexpr std::string_view others = "_-./ ()";
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    // Such words are nulls.
    for (const std::string_view null : {"null", "Null", "NULL"}) {
        if (text == null) return false;
    }
    return !text.empty() && is_letter(text.front()) && text.back() != ' ' &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return is_letter(c) || others.find(c) != std::string_view::npos;
           });
}

/// Lines that are neither empty nor comments, one after the other.
class Lines {
public:
    explicit Lines(std::string_view text) : rest_(text) { advance(); }

    [[nodiscard]] bool at_end() const { return line_.empty(); }
    /// Blanks before the line.
    [[nodiscard]] std::size_t indent() const { return line_.find_first_not_of(' '); }
    [[nodiscard]] std::string_view content() const { return line_.substr(indent()); }
    void advance() {
        do {
            const std::size_t end = std::min(rest_.find('\n'), rest_.size());
            line_ = rest_.substr(0, end);
            rest_.remove_prefix(std::min(end + 1, rest_.size()));
            const std::size_t first = line_.find_first_not_of(' ');
            if (first == std::string_view::npos || line_[first] == '#') line_ = {};
        } while (line_.empty() && !rest_.empty());
    }

private:
    std::string_view line_, rest_;
};

/// The map that begins at the present line; false where it is not plain.
bool read_map(Lines& lines, YAML::Node& map) {
    const std::size_t indent = lines.indent();
    for (; !lines.at_end() && lines.indent() == indent;) {
        const std::string_view line = lines.content();
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || !is_word(line.substr(0, colon))) return false;
        const std::string key{line.substr(0, colon)};
        lines.advance();
        if (colon + 1 == line.size()) {
            YAML::Node inner{YAML::NodeType::Map};
            if (lines.at_end() || lines.indent() <= indent || !read_map(lines, inner)) return false;
            map.force_insert(key, inner);
            continue;
        }
        const std::size_t first = line.find_first_not_of(' ', colon + 1);
        if (first == std::string_view::npos || first == colon + 1) return false;
        const std::string_view word = line.substr(first);
        if (!is_word(word)) return false;
        map.force_insert(key, std::string{word});
    }
    return lines.at_end() || lines.indent() < indent;
}

}  // namespace

std::optional<YAML::Node> read_plain_map(std::string_view text) {
    Lines lines{text};
    YAML::Node root{YAML::NodeType::Map};
    if (lines.at_end() || lines.indent() != 0 || !read_map(lines, root)) return std::nullopt;
    if (!lines.at_end()) return std::nullopt;
    return root;
}

}  // namespace u65sim::config
