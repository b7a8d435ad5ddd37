// Which operators the NPU runs: the table of docs/operators.md, which people read as well.
#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/operator_support.hpp>

#include "compile/operator_page.hpp"

namespace u65sim {

namespace {

std::string trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return {};
    const std::size_t end = text.find_last_not_of(' ') + 1;
    return std::string{text.substr(begin, end - begin)};
}

/// "[a constant](page.md)" is "a constant".
std::string without_links(std::string text) {
    for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](")) {
        const std::size_t end = text.find(')', at), begin = text.rfind('[', at);
        if (end == std::string::npos || begin == std::string::npos) break;
        text.erase(at, end - at + 1);
        text.erase(begin, 1);
    }
    return text;
}

std::vector<std::string> cells_of(std::string_view line) {
    std::vector<std::string> cells;
    line.remove_prefix(1);
    for (std::size_t at = line.find('|'); at != std::string_view::npos; at = line.find('|')) {
        cells.push_back(without_links(trimmed(line.substr(0, at))));
        line.remove_prefix(at + 1);
    }
    return cells;
}

}  // namespace

std::vector<OperatorSupport> operator_support() {
    constexpr std::string_view head = "| operator | types on the NPU | form | left to the CPU |\n";
    std::string_view page = compile::operator_page();
    const std::size_t begin = page.find(head);
    if (begin == std::string_view::npos) throw std::logic_error("operators.md has no table");
    page.remove_prefix(begin + head.size());
    std::vector<OperatorSupport> rows;
    while (page.starts_with('|')) {
        const std::string_view line = page.substr(0, page.find('\n'));
        page.remove_prefix(std::min(line.size() + 1, page.size()));
        const std::vector<std::string> cells = cells_of(line);
        if (line.starts_with("|-") || line.starts_with("| -")) continue;
        if (cells.size() != 4) throw std::logic_error("operators.md: a row without four cells");
        rows.push_back({cells[0], cells[1], cells[2], cells[3]});
    }
    return rows;
}

}  // namespace u65sim
