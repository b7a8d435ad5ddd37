// The bandwidth cap of a port: beats granted anew each period, or a steady rate.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "machine/memory/demand.hpp"
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
        first_ = first;
        last_ = last;
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
        if (is_watched_) demand_.add(first_ - watched_from_, last_ - watched_from_, beats);
    }

    // For parts of a run that are replayed where the cap has granted other beats.
    /// Keeps from `now` on what is asked for, and whether a burst is held up.
    void watch(Time now);
    void watch_no_more() { is_watched_ = false; }
    /// Since watch() no burst was held up, and all that was asked for is kept in demand().
    [[nodiscard]] bool was_free() const {
        return !active() || (!steady_ && !was_held_ && demand_.is_complete());
    }
    [[nodiscard]] const Demand& demand() const { return demand_; }
    /// Whether bursts that were not held up elsewhere are not held up if they come from `begin` on:
    /// no period is asked for more than it grants.
    bool passes(const Demand& demand, Time begin);
    /// Counts what passes() was just called for, up to `end`, from when on others come. More may
    /// be counted than was granted.
    void count(Time end);
    /// What has been granted is known at `now`, to the beat.
    [[nodiscard]] bool is_certain(Time now) const {
        return !active() || steady_ || now / period_ >= certain_from_;
    }
    /// A burst was held up by what may not have been granted: nothing is true from then on.
    [[nodiscard]] bool is_doubtful() const { return is_doubtful_; }

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
    [[nodiscard]] std::int64_t used_in(std::int64_t number) const {
        const Period& period = periods_[static_cast<std::size_t>(number) % periods_.size()];
        return period.number == number ? period.used : 0;
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
    Time first_ = 0, last_ = 0;  ///< of the bursts that has_room() was called for
    bool is_watched_ = false, was_held_ = false;
    Time watched_from_ = 0;
    Demand demand_;
    std::vector<std::int64_t> asked_;  ///< by passes(), of periods from `first_asked_` on
    std::int64_t first_asked_ = 0;
    std::int64_t certain_from_ = 0;  ///< period before which more may be counted than granted
    bool is_doubtful_ = false;
};

}  // namespace u65sim::machine
