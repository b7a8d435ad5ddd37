// Cycles of a clock as times of the kernel.
#pragma once

#include <algorithm>
#include <cstdint>

#include <u65sim/units.hpp>

#include "machine/systemc/systemc.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// Cycle 0 begins at the epoch. Where the clock's period is no whole number of ticks, each cycle
/// begins at the tick before or at its exact time, so that nothing drifts.
class ClockDomain {
public:
    /// One cycle a tick.
    ClockDomain() = default;
    explicit ClockDomain(Hertz clock)
        : ticks_(static_cast<std::int64_t>(sc_core::sc_time(1, sc_core::SC_SEC).value())),
          cycles_(std::min<std::int64_t>(clock.count(), ticks_)) {}

    void set_epoch(const sc_core::sc_time& epoch) { epoch_ = epoch; }
    [[nodiscard]] sc_core::sc_time time_of(Time cycle) const {
        const Wide ticks = Wide{cycle} * ticks_ / cycles_;
        return epoch_ + sc_core::sc_time::from_value(static_cast<std::uint64_t>(ticks));
    }
    /// The first cycle that does not begin before `time`, which is not before the epoch.
    [[nodiscard]] Time cycle_at(const sc_core::sc_time& time) const {
        const Wide ticks{static_cast<std::int64_t>((time - epoch_).value())};
        return static_cast<Time>((ticks * cycles_ + ticks_ - 1) / ticks_);
    }
    [[nodiscard]] Time now() const { return cycle_at(sc_core::sc_time_stamp()); }

private:
    __extension__ using Wide = __int128;
    sc_core::sc_time epoch_;
    std::int64_t ticks_ = 1, cycles_ = 1;  ///< so many cycles in so many ticks
};

}  // namespace u65sim::machine
