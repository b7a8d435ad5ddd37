// How much of a stream is simulated before it is refused, so that a broken one ends.
#pragma once

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include <u65sim/error.hpp>
#include <u65sim/simulate.hpp>

namespace u65sim::machine {

/// Cycles of the limit for each step of a unit that it allows: networks take far more a step.
inline constexpr std::int64_t cycles_of_a_step = 2000;

/// Steps of units in one segment's run: some seconds, far beyond any network. Where every step is
/// kept, fewer.
inline std::uint64_t event_limit(const SimulateOptions& options) {
    constexpr std::int64_t least = 50'000'000, kept = 16;
    const std::int64_t steps = std::max(least, options.cycle_limit.count() / cycles_of_a_step);
    const bool keeps = options.timeline || !options.vcd_file.empty();
    return static_cast<std::uint64_t>(keeps ? steps / kept : steps);
}

[[noreturn]] inline void refuse_further_events(std::uint64_t limit) {
    throw CycleLimitReached(
        fmt::format("more than {} steps of the machine's units to simulate", limit));
}

}  // namespace u65sim::machine
