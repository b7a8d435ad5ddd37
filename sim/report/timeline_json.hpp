// The timeline as data for viewers: closed gaps where it is too fine, bandwidth in equal steps.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/report.hpp>

namespace u65sim::report {

/// Payload of one port by channel in steps of `step` cycles; sums are exact.
struct Bandwidth {
    Cycles step{1};
    /// [port][channel][step]; empty where a channel moved nothing.
    std::array<std::array<std::vector<std::int64_t>, channel_count>, 2> bytes;
};
/// In about so many steps; in fewer where they would be shorter than the memories take to be
/// steady, but for short runs.
Bandwidth bandwidth(const Report& report, std::int64_t steps);

/// Spans of one track, operator and channel with the gaps between them closed.
struct CoarseSpan {
    Timeline::Span span;  ///< block: of the first
    std::int32_t last_block = -1;
    Cycles busy{0};  ///< of end - start
};
struct CoarseTimeline {
    Cycles resolution{0};  ///< gaps up to this long are closed
    std::vector<CoarseSpan> spans;
};
/// The finest one with at most `limit` spans, or where nothing more can be closed.
CoarseTimeline coarsen(const Timeline& timeline, std::size_t limit);

/// One line of JSON: see docs/report.md.
std::string timeline_json(const Report& report);

}  // namespace u65sim::report
