#include <u65sim/platform.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <u65sim/error.hpp>

namespace u65sim {
namespace {

template <class Number>
void require(bool holds, std::string_view key, Number value, std::string_view what) {
    if (!holds) throw InvalidConfig(fmt::format("{} = {}: must be {}", key, value, what));
}

constexpr std::int64_t fastest = 1'000'000'000'000;  ///< a period of the default resolution

void require_clock(Hertz clock) {
    require(clock.count() > 0 && clock.count() <= fastest, "clock", clock.count(),
            "from 1 Hz to 1 THz");
}

}  // namespace

void BusParameters::validate() const {
    require(initiators > 0, "initiators", initiators, "at least 1");
    require(targets > 0, "targets", targets, "at least 1");
    require_clock(clock);
    require(bandwidth.numerator() > 0, "bandwidth", bandwidth.value(), "above 0 bytes a cycle");
    require(latency.count() >= 0, "latency", latency.count(), "0 cycles or more");
    require(max_in_flight > 0, "max_in_flight", max_in_flight, "at least 1");
    require(target_queue > 0, "target_queue", target_queue, "at least 1");
    if (!priorities.empty() && priorities.size() != initiators) {
        throw InvalidConfig(
            fmt::format("priorities: {} of them: must be one for each of {} "
                        "initiators",
                        priorities.size(), initiators));
    }
    for (const AddressWindow& window : map) {
        require(window.target < targets, "map.target", window.target,
                fmt::format("below the number of targets, {}", targets));
        require(window.bytes > 0, "map.bytes", window.bytes, "above 0");
        require(window.bytes - 1 <= std::numeric_limits<std::uint64_t>::max() - window.first,
                "map.first", window.first, "so that the window ends within 64 bits");
    }
    std::vector<AddressWindow> sorted = map;
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& left, const auto& right) { return left.first < right.first; });
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        if (sorted[i].first - sorted[i - 1].first < sorted[i - 1].bytes) {
            throw InvalidConfig(fmt::format("map: the windows at {:#x} and {:#x} must not overlap",
                                            sorted[i - 1].first, sorted[i].first));
        }
    }
}

void TrafficParameters::validate() const {
    require(max_outstanding > 0, "max_outstanding", max_outstanding, "at least 1");
    for (std::size_t i = 0; i < trace.size(); ++i) {
        require(trace[i].bytes > 0, fmt::format("trace[{}].bytes", i), trace[i].bytes, "above 0");
        require(i == 0 || trace[i].time_ps >= trace[i - 1].time_ps,
                fmt::format("trace[{}].time_ps", i), trace[i].time_ps, "in order of time");
    }
    if (!trace.empty()) return;
    require(std::isfinite(bytes_per_second) && bytes_per_second >= 0, "bytes_per_second",
            bytes_per_second, "0 or more");
    require(read_share >= 0 && read_share <= 1, "read_share", read_share, "from 0 to 1");
    require(burst > 0, "burst", burst, "at least 1 byte");
    require(bytes >= burst, "bytes", bytes, fmt::format("at least one burst of {} bytes", burst));
    require(bytes - 1 <= std::numeric_limits<std::uint64_t>::max() - first, "first", first,
            "so that the range ends within 64 bits");
    require(pattern != TrafficPattern::strided || (stride > 0 && stride < bytes), "stride", stride,
            "above 0 and below the range");
}

std::uint64_t BankedDramParameters::access_bytes() const {
    return static_cast<std::uint64_t>(width) / 8 * static_cast<std::uint64_t>(burst_length);
}

std::int64_t BankedDramParameters::access_cycles() const { return burst_length / 2; }

std::uint64_t BankedDramParameters::size() const {
    return static_cast<std::uint64_t>(row.count()) * static_cast<std::uint64_t>(banks) *
           static_cast<std::uint64_t>(rows);
}

void BankedDramParameters::validate() const {
    require_clock(clock);
    require(width >= 8 && width <= 1024 && width % 8 == 0, "width", width,
            "a multiple of 8 from 8 to 1024");
    require(burst_length >= 2 && burst_length <= 64 && burst_length % 2 == 0, "burst_length",
            burst_length, "even, from 2 to 64");
    require(banks >= 1 && banks <= 1024, "banks", banks, "from 1 to 1024");
    require(rows >= 1 && rows <= 1 << 24, "rows", rows, "from 1 to 2^24");
    require(row.count() > 0 && row.count() <= 1 << 20 &&
                static_cast<std::uint64_t>(row.count()) % access_bytes() == 0,
            "row", row.count(),
            fmt::format("a multiple of a column access, {} bytes, up to 1 MiB", access_bytes()));
    constexpr std::int64_t longest = 1 << 30;
    for (const auto& [key, value] :
         {std::pair{"tRCD", tRCD}, std::pair{"tRP", tRP}, std::pair{"CL", CL},
          std::pair{"CWL", CWL}, std::pair{"tRAS", tRAS}, std::pair{"tRTP", tRTP},
          std::pair{"tWR", tWR}, std::pair{"tWTR", tWTR}, std::pair{"tRRD", tRRD},
          std::pair{"tREFI", tREFI}, std::pair{"tRFC", tRFC}}) {
        require(value.count() >= 0 && value.count() <= longest, key, value.count(),
                "from 0 to 2^30 cycles");
    }
    const std::int64_t refresh = (tRAS + tRP + tRFC + CWL + tWR).count() + access_cycles();
    require(tREFI.count() == 0 || tREFI.count() > refresh, "tREFI", tREFI.count(),
            fmt::format("0, or more than a refresh may take: {} cycles", refresh));
    require(queue >= 1 && queue <= 4096, "queue", queue, "from 1 to 4096");
    require(reorder_limit >= 0, "reorder_limit", reorder_limit, "0 or more");
}

}  // namespace u65sim
