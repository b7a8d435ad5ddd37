// Traffic on the memories as people write it: "dram 1GB/s + sram 200MB/s read_share=0.5".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <u65sim/target.hpp>

namespace u65sim::text {

inline constexpr std::size_t most_traffic = 8;

/// "none", or entries joined by " + ": sram or dram, a rate, and key=value for what differs from
/// the defaults. Nothing when the text is no such list or a value is out of range.
std::optional<std::vector<MemoryTraffic>> parse_traffic(std::string_view text);
/// The shortest form that parse_traffic reads back.
std::string format_traffic(const std::vector<MemoryTraffic>& traffic);
/// Completes "must be ...".
std::string traffic_range();

}  // namespace u65sim::text
