// Quantities as people write them: "384KiB", "3.75", "500MHz"; and back, without loss.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <u65sim/units.hpp>

namespace u65sim::text {

/// Without blanks at both ends.
std::string_view trim(std::string_view text);

/// Each parser returns nothing when the text is no such quantity or leaves 64 bits.
/// A whole number, decimal.
std::optional<std::int64_t> parse_integer(std::string_view text);
/// "65536", "64 B", "384KiB", "1.5 MiB", "2GiB": whole bytes after the factor of 1024.
std::optional<Bytes> parse_bytes(std::string_view text);
/// "1000000000", "500MHz", "1.2 GHz", "1e9": whole ticks a second after the factor of 1000.
std::optional<Hertz> parse_hertz(std::string_view text);
/// "3.75", "15/4", "16 B/cycle": exact.
std::optional<BytesPerCycle> parse_rate(std::string_view text);
/// "true" or "false".
std::optional<bool> parse_bool(std::string_view text);
/// A finite decimal number, with or without exponent.
std::optional<double> parse_real(std::string_view text);

/// The shortest form the parsers read back to the same value.
std::string format_bytes(Bytes bytes);
std::string format_hertz(Hertz clock);
std::string format_rate(BytesPerCycle rate);

}  // namespace u65sim::text
