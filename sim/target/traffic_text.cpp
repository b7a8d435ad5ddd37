#include "target/traffic_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "target/quantity_text.hpp"

namespace u65sim::text {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> rate_units{
    {{"GB/s", 1'000'000'000}, {"MB/s", 1'000'000}, {"KB/s", 1'000}, {"B/s", 1}}};
constexpr std::int64_t fastest = 1'000'000'000'000;
constexpr std::int64_t longest_burst = 4096;
constexpr std::int64_t most_outstanding = 1024;

/// Whole bytes a second above zero.
std::optional<std::int64_t> parse_bytes_per_second(std::string_view text) {
    for (const auto& [unit, factor] : rate_units) {
        if (!text.ends_with(unit)) continue;
        const auto number = parse_real(trim(text.substr(0, text.size() - unit.size())));
        if (!number) return std::nullopt;
        const double rate = *number * static_cast<double>(factor);
        if (rate < 1 || rate > static_cast<double>(fastest)) return std::nullopt;
        return std::llround(rate);
    }
    return std::nullopt;
}

std::string format_bytes_per_second(std::int64_t rate) {
    for (const auto& [unit, factor] : rate_units) {
        if (rate % factor == 0) return fmt::format("{}{}", rate / factor, unit);
    }
    return {};
}

bool set_option(MemoryTraffic& traffic, std::string_view key, std::string_view value) {
    if (key == "burst") {
        const auto bytes = parse_bytes(value);
        if (!bytes || bytes->count() < 1 || bytes->count() > longest_burst) return false;
        traffic.burst = *bytes;
        return true;
    }
    if (key == "read_share") {
        const auto share = parse_real(value);
        if (!share || *share < 0 || *share > 1) return false;
        traffic.read_share = *share;
        return true;
    }
    if (key == "outstanding") {
        const auto count = parse_integer(value);
        if (!count || *count < 1 || *count > most_outstanding) return false;
        traffic.max_outstanding = static_cast<std::int32_t>(*count);
        return true;
    }
    return false;
}

std::string_view take_word(std::string_view& text) {
    text = trim(text);
    const std::size_t end = std::min(text.find_first_of(" \t\n\r"), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end);
    return word;
}

std::optional<MemoryTraffic> parse_entry(std::string_view text) {
    MemoryTraffic traffic;
    const std::string_view memory = take_word(text);
    if (memory != "sram" && memory != "dram") return std::nullopt;
    traffic.off_chip = memory == "dram";
    const auto rate = parse_bytes_per_second(take_word(text));
    if (!rate) return std::nullopt;
    traffic.bytes_per_second = *rate;
    for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos ||
            !set_option(traffic, word.substr(0, equals), word.substr(equals + 1))) {
            return std::nullopt;
        }
    }
    return traffic;
}

}  // namespace

std::optional<std::vector<MemoryTraffic>> parse_traffic(std::string_view text) {
    std::vector<MemoryTraffic> all;
    text = trim(text);
    if (text == "none") return all;
    for (bool more = true; more;) {
        const std::size_t plus = text.find('+');
        more = plus != std::string_view::npos;
        const auto entry = parse_entry(text.substr(0, plus));
        if (!entry || all.size() == most_traffic) return std::nullopt;
        all.push_back(*entry);
        if (more) text.remove_prefix(plus + 1);
    }
    return all;
}

std::string format_traffic(const std::vector<MemoryTraffic>& traffic) {
    const MemoryTraffic usual;
    std::string text;
    for (const MemoryTraffic& each : traffic) {
        if (!text.empty()) text += " + ";
        text += each.off_chip ? "dram " : "sram ";
        text += format_bytes_per_second(each.bytes_per_second);
        if (each.burst != usual.burst) text += " burst=" + format_bytes(each.burst);
        if (each.read_share != usual.read_share) {
            text += fmt::format(" read_share={}", each.read_share);
        }
        if (each.max_outstanding != usual.max_outstanding) {
            text += fmt::format(" outstanding={}", each.max_outstanding);
        }
    }
    return text.empty() ? "none" : text;
}

std::string traffic_range() {
    return fmt::format(
        "none, or up to {} of \"sram|dram RATE\" joined by +, RATE up to 1000GB/s (MB/s, KB/s, "
        "B/s), each with burst=1 to {}, read_share=0 to 1, outstanding=1 to {} where they differ",
        most_traffic, longest_burst, most_outstanding);
}

}  // namespace u65sim::text
