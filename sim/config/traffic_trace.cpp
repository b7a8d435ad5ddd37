#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/platform.hpp>

#include "base/place.hpp"
#include "config/text_file.hpp"
#include "target/quantity_text.hpp"

namespace u65sim {
namespace {

constexpr double latest_ns = 1e15;  ///< eleven days

/// The words of one line, each with its place.
class Line {
public:
    Line(std::string_view text, std::string_view origin, int number)
        : text_(text.substr(0, text.find('#'))), origin_(origin), number_(number) {
        skip_blanks();
    }

    [[nodiscard]] bool over() const { return at_ == text_.size(); }

    /// Throws InvalidConfig when there is none.
    std::string_view word(std::string_view what) {
        begin_ = at_;
        const std::size_t end = std::min(text_.find_first_of(" \t\r", at_), text_.size());
        const std::string_view word = text_.substr(at_, end - at_);
        at_ = end;
        skip_blanks();
        if (word.empty()) fail(fmt::format("{}: must be given", what));
        return word;
    }
    [[noreturn]] void fail(std::string_view message) const {
        throw InvalidConfig(
            fmt::format("{}: {}", place_in(origin_, number_, static_cast<int>(begin_)), message));
    }
    void must_end() {
        begin_ = at_;
        if (!over()) fail("a line must be time_ns R|W address bytes");
    }

private:
    void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r", at_), text_.size()); }

    std::string_view text_, origin_;
    int number_;
    std::size_t at_ = 0, begin_ = 0;
};

/// Decimal, or hexadecimal behind 0x.
std::optional<std::uint64_t> parse_address(std::string_view text) {
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    if (hexadecimal) text.remove_prefix(2);
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, hexadecimal ? 16 : 10);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

TrafficRequest read_request(Line& line, std::uint64_t earliest_ps) {
    TrafficRequest request;
    const std::string_view time = line.word("time_ns");
    const auto ns = text::parse_real(time);
    if (!ns || *ns < 0 || *ns > latest_ns) {
        line.fail(fmt::format("time_ns = {}: must be a number from 0 to 1e15", time));
    }
    request.time_ps = static_cast<std::uint64_t>(std::llround(*ns * 1000));
    if (request.time_ps < earliest_ps) {
        line.fail(fmt::format("time_ns = {}: must not be before the line above", time));
    }
    const std::string_view command = line.word("R|W");
    if (command != "R" && command != "W") line.fail(fmt::format("{}: must be R or W", command));
    request.write = command == "W";
    const std::string_view address = line.word("address");
    const auto value = parse_address(address);
    if (!value) line.fail(fmt::format("address = {}: must be a number or 0x...", address));
    request.address = *value;
    const std::string_view bytes = line.word("bytes");
    const auto count = text::parse_integer(bytes);
    if (!count || *count < 1 || *count > std::numeric_limits<std::int32_t>::max()) {
        line.fail(fmt::format("bytes = {}: must be a whole number from 1 to 2^31 - 1", bytes));
    }
    request.bytes = static_cast<std::uint32_t>(*count);
    line.must_end();
    return request;
}

}  // namespace

std::vector<TrafficRequest> parse_traffic_trace(std::string_view text, std::string_view origin) {
    std::vector<TrafficRequest> requests;
    for (int number = 0; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        Line line(text.substr(0, end), origin, number);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.over()) continue;
        requests.push_back(read_request(line, requests.empty() ? 0 : requests.back().time_ps));
    }
    return requests;
}

std::vector<TrafficRequest> read_traffic_trace(const std::filesystem::path& file) {
    return parse_traffic_trace(config::read_text_file(file), file.string());
}

}  // namespace u65sim
