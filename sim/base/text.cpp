#include <algorithm>
#include <cstdint>

#include <u65sim/text.hpp>

namespace u65sim {
namespace {

/// Characters of more than one byte that are not for showing.
bool acts(std::uint32_t code) {
    return (code >= 0x80 && code <= 0x9F) ||      // C1
           (code >= 0x200E && code <= 0x200F) ||  // marks of direction
           (code >= 0x2028 && code <= 0x202E) ||  // separators, embeddings of direction
           (code >= 0x2066 && code <= 0x2069) ||  // isolates of direction
           code == 0x061C || code == 0xFEFF;
}

/// A UTF-8 sequence at the start of a text.
struct Sequence {
    std::size_t length = 1;
    bool showable = false;
};

/// The sequence `text` begins with: a single byte that is not showable where it is none.
Sequence first_sequence(std::string_view text) {
    const auto byte = [&](std::size_t index) { return static_cast<std::uint8_t>(text[index]); };
    const std::uint32_t first = byte(0);
    if (first < 0x80) return {1, first >= 0x20 && first != 0x7F};
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
    std::uint32_t code = first & (0xFFU >> (length + 1));
    for (std::size_t index = 1; index < length; ++index) {
        if ((byte(index) & 0xC0U) != 0x80U) return {};
        code = code << 6U | (byte(index) & 0x3FU);
    }
    const bool is_overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (is_overlong || is_surrogate || code > 0x10FFFF) return {};
    return {length, !acts(code)};
}

std::string shown(std::string_view text, std::string_view kept) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        // Most text is plain: taken in runs.
        const auto end = std::find_if(text.begin(), text.end(), [&](char c) {
            const auto byte = static_cast<std::uint8_t>(c);
            return (byte < 0x20 || byte >= 0x7F) && kept.find(c) == std::string_view::npos;
        });
        const auto run = static_cast<std::size_t>(end - text.begin());
        result += text.substr(0, run);
        text.remove_prefix(run);
        if (text.empty()) break;
        const Sequence sequence = first_sequence(text);
        result += sequence.showable ? text.substr(0, sequence.length) : std::string_view{"?"};
        text.remove_prefix(sequence.length);
    }
    return result;
}

}  // namespace

std::string printable(std::string_view text) { return shown(text, ""); }

std::string printable_lines(std::string_view text) { return shown(text, "\n\t"); }

}  // namespace u65sim
