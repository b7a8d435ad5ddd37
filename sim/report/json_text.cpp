#include "report/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace u65sim::report {

namespace {

constexpr std::size_t step = 2;  ///< blanks for each open bracket

/// Whether one of eight characters is escaped: a control character, DEL, one of more than one byte,
/// or `"` or `\`. Of every byte the highest bit says so; a carry only leaves a byte that does.
bool any_escaped(std::uint64_t eight) {
    constexpr std::uint64_t ones = 0x0101010101010101;
    const auto below = [](std::uint64_t bytes, std::uint64_t limit) {
        return (bytes - ones * limit) & ~bytes;
    };
    const auto is = [&](char c) { return below(eight ^ (ones * static_cast<std::uint8_t>(c)), 1); };
    const std::uint64_t escaped = below(eight, 0x20) | eight | (eight + ones) | is('"') | is('\\');
    return (escaped & (ones * 0x80)) != 0;
}

/// Whether a text stands in JSON as it is.
bool is_plain(std::string_view text) {
    std::uint64_t eight = 0;
    while (text.size() >= sizeof eight) {
        std::memcpy(&eight, text.data(), sizeof eight);
        if (any_escaped(eight)) return false;
        text.remove_prefix(sizeof eight);
    }
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\';
    });
}

}  // namespace

void JsonText::open(char bracket) {
    text_ += bracket;
    ++depth_;
    is_first_ = true;
}

void JsonText::close(char bracket) {
    --depth_;
    if (!is_first_) {
        text_ += '\n';
        text_.append(depth_ * step, ' ');
    }
    text_ += bracket;
    is_first_ = false;
}

void JsonText::begin_line() {
    text_ += is_first_ ? "\n" : ",\n";
    text_.append(depth_ * step, ' ');
    is_first_ = false;
}

void JsonText::begin(std::string_view key) {
    if (!is_plain(key)) {
        begin_line();
        put(key);
        text_ += ": ";
        return;
    }
    // Room for all that stands around the key is made once: keys are most of a report.
    constexpr std::string_view before = ",\n", behind = "\": ";
    const std::string_view line = before.substr(is_first_ ? 1 : 0);
    const std::size_t blanks = depth_ * step, size = text_.size();
    text_.resize(size + line.size() + blanks + 1 + key.size() + behind.size());
    char* at = text_.data() + size;
    at = std::copy(line.begin(), line.end(), at);
    at = std::fill_n(at, blanks, ' ');
    *at++ = '"';
    at = std::copy(key.begin(), key.end(), at);
    std::copy(behind.begin(), behind.end(), at);
    is_first_ = false;
}

void JsonText::put(double value) { text_ += std::isfinite(value) ? Json(value).dump() : "null"; }

void JsonText::put(std::string_view text) {
    if (!is_plain(text)) {
        text_ += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
        return;
    }
    text_ += '"';
    text_ += text;
    text_ += '"';
}

void JsonText::put_json(const Json& value) {
    const std::string lines =
        value.dump(static_cast<int>(step), ' ', false, Json::error_handler_t::replace);
    for (const char c : lines) {
        text_ += c;
        if (c == '\n') text_.append(depth_ * step, ' ');
    }
}

void JsonText::put_whole(std::int64_t value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    text_.append(digits.data(), end);
}

}  // namespace u65sim::report
