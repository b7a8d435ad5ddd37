// How the bursts of one direction of a port follow each other: addresses, slots, latency, data.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "machine/memory/bandwidth_cap.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// How many beats each burst of a piece has: as equal as they can be.
class BurstSizes {
public:
    /// `bursts`, one at least, of `beats` in all.
    BurstSizes(std::int64_t beats, std::int64_t bursts) : step_(step_of(beats, bursts)) {}
    [[nodiscard]] std::int64_t beats(std::int64_t burst) const {
        const auto index = static_cast<std::uint64_t>(burst);
        return whole((index + 1) * step_) - whole(index * step_);
    }

    // Beats a burst in fixed point, rounded up: exact for far more bursts than a piece has.
    static constexpr unsigned shift = 32;
    static std::uint64_t step_of(std::int64_t beats, std::int64_t bursts) {
        const auto parts = static_cast<std::uint64_t>(bursts);
        return ((static_cast<std::uint64_t>(beats) << shift) + parts - 1) / parts;
    }
    static std::int64_t whole(std::uint64_t beats) {
        return static_cast<std::int64_t>(beats >> shift);
    }

private:
    std::uint64_t step_;
};

/// When each outstanding slot of a direction is free again, in the order in which bursts take
/// them: the oldest first, and none earlier than the one before.
class Slots {
public:
    void reset(std::int64_t count);
    /// False: there is no limit.
    [[nodiscard]] bool limited() const { return count_ > 0; }
    [[nodiscard]] std::int64_t count() const { return count_; }
    [[nodiscard]] Time oldest() const { return *first_; }
    /// The oldest slots' times, and where to write the times of as many bursts that take them and
    /// become the youngest.
    struct Taken {
        const Time* free;
        Time* next;
    };
    /// `bursts` must not be more than most().
    Taken take(std::int64_t bursts) {
        if (first_ + bursts + count_ > times_.data() + times_.size()) move_to_front();
        Time* const free = std::exchange(first_, first_ + bursts);
        return {free, free + count_};
    }
    [[nodiscard]] static constexpr std::int64_t most() { return room; }
    /// When the burst number `index` from here may take its slot, below count().
    [[nodiscard]] Time at(std::int64_t index) const { return first_[index]; }
    /// For writing or reading. Those that are free already come first.
    template <class State>
    void pass(State& state) {
        if (!limited()) return;
        if constexpr (State::reading) first_ = times_.data();
        const Time earlier = state.base().now - 1;
        std::int64_t free = std::upper_bound(first_, first_ + count_, earlier) - first_;
        state.number(free);
        if constexpr (State::reading) std::fill_n(first_, free, earlier);
        for (std::int64_t i = free; i < count_; ++i) state.due(first_[i]);
    }

private:
    static constexpr std::int64_t room = 256;  ///< so that slots move to the front rarely
    void move_to_front();

    std::vector<Time> times_;
    Time* first_ = nullptr;
    std::int64_t count_ = 0;
};

/// One direction of a port and the memory behind it. Addresses leave in order, one a cycle at most;
/// a burst holds its slot for latency, data and what the response takes.
class BurstFlow {
public:
    struct Rules {
        std::int64_t latency = 0;  ///< from an address to its first data
        std::int64_t held = 0;     ///< a slot, beyond the burst's last beat
        std::int64_t slots = 0;    ///< zero: unlimited
        std::int64_t burst = 1;    ///< beats of a full one
    };
    /// `cap` may be shared with the other direction.
    void reset(const Rules& rules, BandwidthCap& cap);

    /// Moves `bursts`, one at least, of `beats` in all, as equal as they can be, from `now` on;
    /// returns when the last beat has passed.
    Time move(std::int64_t beats, std::int64_t bursts, Time now);
    /// Moves `pieces` of `bursts` full ones, each at the cycle at which it can be issued first, the
    /// first at `now`. Only if data follows data all the way and nothing else holds them up; else
    /// false, and nothing has moved.
    bool move_back_to_back(std::int64_t bursts, std::int64_t pieces, Time now);
    /// Cycles from one such piece to the next.
    [[nodiscard]] std::int64_t beats_of(std::int64_t bursts) const { return bursts * rules_.burst; }
    /// Whether full bursts may follow back to back from `now` on, as far as data and slots are
    /// concerned.
    [[nodiscard]] bool may_move_back_to_back(Time now) const {
        return now + rules_.latency == data_free_ && now >= address_free_ && slots_differ_ &&
               hiding_bursts_ >= rules_.slots && rules_.burst >= hiding_beats_;
    }
    /// When the next burst could be issued without waiting for slot or bus.
    [[nodiscard]] Time ready() const { return ready_; }
    /// When the last beat moved so far has passed.
    [[nodiscard]] Time data_free() const { return data_free_; }
    /// Cycles that a burst was ready but every slot was taken.
    [[nodiscard]] std::int64_t& stalled() { return stalled_; }
    [[nodiscard]] std::int64_t stalled() const { return stalled_; }
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state) {
        slots_.pass(state);
        state.number(slots_differ_);
        std::int64_t hiding = std::min(hiding_bursts_, rules_.slots);  // more are as good
        state.number(hiding);
        state.due(ready_);
        state.due(address_free_);
        state.due(data_free_);
        if constexpr (State::reading) {
            hiding_bursts_ = hiding;
            last_beats_ = last_bursts_ = 0;
        }
    }

private:
    void move_one(std::int64_t beats);
    template <class Sizes>
    void move_all(Sizes sizes, std::int64_t beats, std::int64_t bursts);
    template <class Sizes>
    bool move_together(const Sizes& sizes, std::int64_t beats, std::int64_t bursts, bool hidden);
    template <class Sizes>
    void move_through_slots(const Sizes& sizes, std::int64_t bursts, bool hidden);
    template <class Sizes>
    [[nodiscard]] bool data_bound(const Sizes& sizes, std::int64_t bursts, Time data) const;

    Rules rules_;
    BandwidthCap* cap_ = nullptr;
    Slots slots_;
    bool slots_differ_ = true;  ///< no two become free in one cycle, but those never taken
    /// Bursts of so many beats hide latency and slots behind the data of the others in flight.
    std::int64_t hiding_beats_ = 0;
    std::int64_t hiding_bursts_ = 0;                 ///< that were so large, one after the other
    std::int64_t last_beats_ = 0, last_bursts_ = 0;  ///< of unequal sizes, and their step
    std::uint64_t last_step_ = 0;
    Time ready_ = 0;
    Time address_free_ = 0, data_free_ = 0;
    std::int64_t stalled_ = 0;
};

}  // namespace u65sim::machine
