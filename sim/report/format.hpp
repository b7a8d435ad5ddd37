// Numbers as people read them: grouped digits, binary sizes, shares, bars.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <u65sim/simulate.hpp>
#include <u65sim/units.hpp>

namespace u65sim::report {

/// "1,234,567"
std::string grouped(std::int64_t value);
/// "640 B", "384.0 KiB", "4.90 MiB", "1.20 GiB".
std::string readable(Bytes bytes);
/// "48.6 %"; "-" where the whole is zero.
std::string percent(std::int64_t part, std::int64_t whole);
/// A bar of at most `width` marks for part / whole; at least one mark for a part above zero.
std::string bar(std::int64_t part, std::int64_t whole, int width);
/// Printable `text` cut to `width` bytes, between characters, with ".." for what was left out of
/// its middle.
std::string elided(std::string_view text, std::size_t width);

/// A sentence as lines of at most 100 characters, each behind an indent; printable.
std::string wrapped(std::string_view sentence, std::size_t indent);

/// A cause's name; empty for none.
std::string_view name_of(const std::optional<Cause>& cause);

/// A field of a CSV row: quoted where a comma, a quote or a line break would break the row; with an
/// apostrophe before it where a spreadsheet would take it for a formula.
std::string csv_field(std::string_view text);

}  // namespace u65sim::report
