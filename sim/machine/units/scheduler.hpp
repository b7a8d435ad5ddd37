// What a unit may ask of whatever kernel carries it: to be woken. Nothing here knows SystemC.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

namespace u65sim::machine {

using Time = std::int64_t;  ///< NPU cycles since the stream was started
inline constexpr Time never = std::numeric_limits<Time>::max();

/// The units, in the order that kernels use for everything that needs one.
enum class UnitId : std::uint8_t {
    command_parser,
    ifm_loader,
    weight_loader,
    scale_loader,
    mac_array,
    output_unit,
    ofm_writer,
    dma,
    axi0,
    axi1,
};
inline constexpr std::size_t unit_count = static_cast<std::size_t>(UnitId::axi1) + 1;
std::string_view to_string(UnitId unit);

/// When each unit is to act next. A unit acts when woken and returns when it next wants to act; a
/// wake from outside may come earlier and never gets lost. Units settle within a cycle in any
/// order: what one does can only enable another, and ports look only at requests of earlier cycles.
/// The kernel that carries the units takes wakes out and sets the time.
class Scheduler {
public:
    Scheduler() { reset(); }
    /// Nothing is to act, and the time is zero. Units may look ahead up to cycle `limit`; with
    /// none, each does what is due and no more.
    void reset(Time limit = -1) {
        next_.fill(idle);
        now_ = 0;
        limit_ = limit < never ? limit : never - 1;
        changed_ = 0;
    }
    /// Let `unit` act at cycle `time`, or earlier if it is to act earlier anyway.
    void wake(UnitId unit, Time time) {
        const auto index = static_cast<std::size_t>(unit);
        const Wake asked = pack(std::max(time, now_), index);
        if (asked >= next_[index]) return;
        next_[index] = asked;
        changed_ |= 1U << index;
    }

    /// The earliest wake of all; of several at one time that of the first unit.
    struct Due {
        Time time = never;  ///< never: no unit is to act
        UnitId unit{};
    };
    [[nodiscard]] Due earliest() const {
        const auto least = [this](std::size_t a, std::size_t b) {
            return std::min(next_[a], next_[b]);
        };
        const Wake wake = std::min(
            {std::min(least(0, 1), least(2, 3)), std::min(least(4, 5), least(6, 7)), least(8, 9)});
        if (wake == idle) return {};
        return {wake >> unit_bits, static_cast<UnitId>(wake & ((1U << unit_bits) - 1))};
    }
    /// While a unit acts: the last cycle it may look ahead to, before which no other one acts,
    /// unless it is woken meanwhile.
    [[nodiscard]] Time quiet_until() const { return std::min(earliest().time, limit_); }
    /// When one unit is to act; never: not at all.
    [[nodiscard]] Time time_of(UnitId unit) const {
        const Wake wake = next_[static_cast<std::size_t>(unit)];
        return wake == idle ? never : wake >> unit_bits;
    }
    /// `unit` acts at `now`: its wake is used up.
    void begin(UnitId unit, Time now) {
        now_ = now;
        next_[static_cast<std::size_t>(unit)] = idle;
    }
    [[nodiscard]] Time now() const { return now_; }
    /// From now on it is cycle `now`, and nothing is to act.
    void jump(Time now) {
        next_.fill(idle);
        now_ = now;
    }
    /// Units whose wake has changed since the last call, one bit each.
    std::uint32_t take_changed() { return std::exchange(changed_, 0U); }

private:
    /// Time and unit in one number, so that one comparison orders them.
    using Wake = std::int64_t;
    static constexpr unsigned unit_bits = 4;
    static_assert(unit_count == 10, "earliest() looks at ten units");
    static constexpr Wake idle = never;
    static constexpr Wake pack(Time time, std::size_t unit) {
        return static_cast<Wake>(static_cast<std::uint64_t>(time) << unit_bits | unit);
    }

    std::array<Wake, unit_count> next_{};
    Time now_ = 0;
    Time limit_ = -1;
    std::uint32_t changed_ = 0;
};

/// One unit's wake, all that a channel between units needs to know of it.
class WakeLine {
public:
    WakeLine(Scheduler& scheduler, UnitId unit) : scheduler_(&scheduler), unit_(unit) {}
    /// Lets the unit act at cycle `time`, or earlier if it is to act earlier anyway.
    void raise(Time time) const { scheduler_->wake(unit_, time); }

private:
    Scheduler* scheduler_;
    UnitId unit_;
};

}  // namespace u65sim::machine
