// The bandwidth cap of a port: beats granted anew each period, or a steady rate.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "machine/units/scheduler.hpp"
#include "timing/axi.hpp"

namespace u65sim::machine {

/// Grants of `beats` a period, reads and writes together.
class BandwidthCap {
public:
    void reset(const timing::PortRules& rules);
    [[nodiscard]] bool active() const { return beats_ > 0; }
    /// Reserves a burst's beats; returns when it may be issued, not before `time`. Only where there
    /// is a cap.
    Time reserve(Time time, std::int64_t beats);

    /// Whether bursts of `beats` in all, issued at `first` or later and at `last` at the latest,
    /// surely pass without being held up. False: reserve them one by one.
    bool has_room(Time first, Time last, std::int64_t beats) {
        if (steady_) return false;
        find_period(first);
        const Period& period = last_period();
        const std::int64_t used = period.number < last_number_ ? 0 : period.used;
        return period.number <= last_number_ && last < last_begin_ + period_ &&
               beats <= beats_ - used;
    }
    /// Reserves the bursts that has_room() was just called for.
    void take(std::int64_t beats) {
        Period& period = last_period();
        if (period.number < last_number_) period = {last_number_, 0};
        period.used += beats;
    }

    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state) {
        if (!active()) return;
        if (steady_) {
            state.due(next_);
            std::int64_t part = next_ < state.base().now ? 0 : next_part_;
            state.number(part);
            next_part_ = part;
            return;
        }
        const std::int64_t current = state.base().now / period_;
        std::int64_t phase = state.base().now % period_;
        state.number(phase);
        // In the order of time, whichever places they have.
        std::array<Period, periods> reserved;
        std::int64_t count = 0;
        for (const Period& period : periods_) {
            if (period.number >= current) reserved[static_cast<std::size_t>(count++)] = period;
        }
        std::sort(reserved.begin(), reserved.begin() + count,
                  [](const Period& a, const Period& b) { return a.number < b.number; });
        state.number(count);
        if constexpr (State::reading) {
            periods_.fill({});
            last_number_ = last_begin_ = 0;
        }
        for (std::int64_t i = 0; i < count; ++i) {
            Period& period = reserved[static_cast<std::size_t>(i)];
            std::int64_t ahead = period.number - current;
            state.number(ahead);
            state.number(period.used);
            period.number = current + ahead;
            if constexpr (State::reading) {
                periods_[static_cast<std::size_t>(period.number) % periods] = period;
            }
        }
    }

private:
    static constexpr std::size_t periods = 64;  ///< kept
    struct Period {
        std::int64_t number = -1;
        std::int64_t used = 0;
    };
    Time reserve_steady(Time time, std::int64_t beats);
    void find_period(Time time) {
        if (time >= last_begin_ && time < last_begin_ + period_) return;
        last_number_ = time / period_;
        last_begin_ = last_number_ * period_;
    }
    Period& last_period() {
        return periods_[static_cast<std::size_t>(last_number_) % periods_.size()];
    }

    std::int64_t beats_ = 0, period_ = 0;
    bool steady_ = false;
    /// Period looked at last, and its first cycle.
    std::int64_t last_number_ = 0;
    Time last_begin_ = 0;
    Time next_ = 0;               ///< steady: when the next beat is due,
    std::int64_t next_part_ = 0;  ///< and 1/beats_ cycles on top
    std::array<Period, periods> periods_{};
};

}  // namespace u65sim::machine
