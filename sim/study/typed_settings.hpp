// Settings for other programs: numbers in one unit, which a column's name says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace u65sim::study {

/// The unit of a key that an axis may change; empty where it has none.
std::string unit_of_key(const std::string& key);
/// "sram.size_bytes", "dram.bandwidth_bytes_per_cycle"; the key itself where it has no unit.
std::string column_of(const std::string& key);
/// A setting's value in the unit of its key: 524288 for "512KiB". None for texts and for changes
/// such as "x1.5".
std::optional<double> typed_value(std::string_view text);
/// The same as text, without an exponent for whole numbers; other texts as they are.
std::string typed_text(const std::string& text);

}  // namespace u65sim::study
