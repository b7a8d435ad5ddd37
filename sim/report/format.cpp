#include "report/format.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <u65sim/text.hpp>

namespace u65sim::report {

std::string grouped(std::int64_t value) {
    const std::string digits = fmt::format("{}", value);
    const std::size_t sign = digits.starts_with('-') ? 1 : 0;
    std::string result = digits.substr(0, sign);
    for (std::size_t i = sign; i < digits.size(); ++i) {
        if (i > sign && (digits.size() - i) % 3 == 0) result += ',';
        result += digits[i];
    }
    return result;
}

std::string readable(Bytes bytes) {
    const auto value = static_cast<double>(bytes.count());
    if (value < 1024.0) return fmt::format("{} B", bytes.count());
    if (value < 1024.0 * 1024.0) return fmt::format("{:.1f} KiB", value / 1024.0);
    if (value < 1024.0 * 1024.0 * 1024.0)
        return fmt::format("{:.2f} MiB", value / (1024.0 * 1024.0));
    return fmt::format("{:.2f} GiB", value / (1024.0 * 1024.0 * 1024.0));
}

std::string_view name_of(const std::optional<Cause>& cause) {
    return cause ? to_string(*cause) : std::string_view{};
}

std::string percent(std::int64_t part, std::int64_t whole) {
    if (whole == 0) return "-";
    return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string bar(std::int64_t part, std::int64_t whole, int width) {
    if (whole <= 0 || part <= 0) return {};
    const double share = static_cast<double>(part) / static_cast<double>(whole);
    const int marks = std::clamp(static_cast<int>(share * width + 0.5), 1, width);
    return std::string(static_cast<std::size_t>(marks), '#');
}

namespace {

/// Whether a character of UTF-8 goes on at `at`.
bool is_inside_character(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U;
}

/// `at`, or the begin of the character that it would cut.
std::size_t character_begin(std::string_view text, std::size_t at) {
    while (at > 0 && is_inside_character(text, at)) --at;
    return at;
}

}  // namespace

std::string elided(std::string_view text, std::size_t width) {
    const std::string clean = printable(text);
    if (clean.size() <= width) return clean;
    if (width <= 2) return clean.substr(0, character_begin(clean, width));
    const std::size_t head = character_begin(clean, (width - 2) / 3);
    std::size_t tail = clean.size() - (width - 2 - (width - 2) / 3);
    while (is_inside_character(clean, tail)) ++tail;
    return fmt::format("{}..{}", clean.substr(0, head), clean.substr(tail));
}

std::string wrapped(std::string_view sentence, std::size_t indent) {
    constexpr std::size_t columns = 100;
    const std::string clean = printable(sentence);
    std::string_view text = clean;
    std::string out;
    const std::size_t room = columns - indent;
    while (text.size() > room) {
        std::size_t cut = text.rfind(' ', room);
        if (cut == std::string_view::npos || cut == 0) cut = character_begin(text, room);
        out += fmt::format("{:{}}{}\n", "", indent, text.substr(0, cut));
        text.remove_prefix(text[cut] == ' ' ? cut + 1 : cut);
    }
    return out + fmt::format("{:{}}{}\n", "", indent, text);
}

}  // namespace u65sim::report
