#include "target/quantity_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace u65sim::text {
namespace {

/// numerator / denominator, denominator a power of ten.
struct Decimal {
    std::int64_t numerator = 0;
    std::int64_t denominator = 1;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads "12.50" off the front of `text`. Nothing for no digit, or more than 64 bits hold.
std::optional<Decimal> take_decimal(std::string_view& text) {
    Decimal result;
    bool any = false;
    bool behind_point = false;
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        if (text[at] == '.' && !behind_point) {
            behind_point = true;
            continue;
        }
        if (!is_digit(text[at])) break;
        any = true;
        if (__builtin_mul_overflow(result.numerator, std::int64_t{10}, &result.numerator) ||
            __builtin_add_overflow(result.numerator, std::int64_t{text[at] - '0'},
                                   &result.numerator) ||
            (behind_point &&
             __builtin_mul_overflow(result.denominator, std::int64_t{10}, &result.denominator))) {
            return std::nullopt;
        }
    }
    if (!any) return std::nullopt;
    text.remove_prefix(at);
    return result;
}

std::optional<std::int64_t> scaled(Decimal value, std::int64_t factor) {
    const std::int64_t divisor = std::gcd(value.denominator, factor);
    value.denominator /= divisor;
    std::int64_t product = 0;
    if (__builtin_mul_overflow(value.numerator, factor / divisor, &product) ||
        product % value.denominator != 0) {
        return std::nullopt;
    }
    return product / value.denominator;
}

using Unit = std::pair<std::string_view, std::int64_t>;

template <std::size_t count>
std::optional<std::int64_t> parse_scaled(std::string_view text,
                                         const std::array<Unit, count>& units) {
    text = trim(text);
    const std::optional<Decimal> value = take_decimal(text);
    if (!value) return std::nullopt;
    text = trim(text);
    const auto unit = std::find_if(units.begin(), units.end(),
                                   [&](const Unit& each) { return each.first == text; });
    return unit == units.end() ? std::nullopt : scaled(*value, unit->second);
}

constexpr std::array<Unit, 5> byte_units{
    {{"", 1}, {"B", 1}, {"KiB", 1024}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}};
constexpr std::array<Unit, 5> hertz_units{
    {{"", 1}, {"Hz", 1}, {"kHz", 1'000}, {"MHz", 1'000'000}, {"GHz", 1'000'000'000}}};

template <std::size_t count>
std::string format_scaled(std::int64_t value, const std::array<Unit, count>& units) {
    for (auto unit = units.rbegin(); unit != units.rend(); ++unit) {
        if (unit->second > 1 && value != 0 && value % unit->second == 0) {
            return fmt::format("{}{}", value / unit->second, unit->first);
        }
    }
    return std::to_string(value);
}

}  // namespace

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    text = trim(text);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<Bytes> parse_bytes(std::string_view text) {
    const auto count = parse_scaled(text, byte_units);
    return count ? std::optional{Bytes{*count}} : std::nullopt;
}

std::optional<Hertz> parse_hertz(std::string_view text) {
    if (const auto count = parse_scaled(text, hertz_units)) return Hertz{*count};
    // "500e6": whole values a double holds exactly.
    const auto value = parse_real(text);
    if (!value || *value < 0 || *value > 9e15 || *value != std::floor(*value)) return std::nullopt;
    return Hertz{static_cast<std::int64_t>(*value)};
}

std::optional<BytesPerCycle> parse_rate(std::string_view text) {
    text = trim(text);
    constexpr std::string_view unit = "B/cycle";
    if (text.ends_with(unit)) text = trim(text.substr(0, text.size() - unit.size()));
    if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
        const auto above = parse_integer(text.substr(0, slash));
        const auto below = parse_integer(text.substr(slash + 1));
        if (!above || !below || *above < 0 || *below <= 0) return std::nullopt;
        return BytesPerCycle{*above, *below};
    }
    const std::optional<Decimal> value = take_decimal(text);
    if (!value || !text.empty()) return std::nullopt;
    return BytesPerCycle{value->numerator, value->denominator};
}

std::optional<bool> parse_bool(std::string_view text) {
    text = trim(text);
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
}

std::optional<double> parse_real(std::string_view text) {
    text = trim(text);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

std::string format_bytes(Bytes bytes) { return format_scaled(bytes.count(), byte_units); }

std::string format_hertz(Hertz clock) { return format_scaled(clock.count(), hertz_units); }

std::string format_rate(BytesPerCycle rate) {
    std::int64_t numerator = rate.numerator();
    std::int64_t denominator = rate.denominator();
    // Extend the fraction to a power of ten where that is possible.
    std::int64_t power = 1;
    int digits = 0;
    while (power % denominator != 0 && digits < 12) {
        power *= 10;
        ++digits;
    }
    if (power % denominator != 0 ||
        __builtin_mul_overflow(numerator, power / denominator, &numerator)) {
        return fmt::format("{}/{}", rate.numerator(), rate.denominator());
    }
    if (digits == 0) return std::to_string(numerator);
    return fmt::format("{}.{:0{}}", numerator / power, numerator % power, digits);
}

}  // namespace u65sim::text
