// One AXI port and the memory behind it: arbitration among channels, bursts, slots, latency, cap.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/simulate.hpp>

#include "machine/units/observer.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"
#include "timing/axi.hpp"

namespace u65sim::machine {

/// One request of a unit. The unit keeps it; the port fills in the times when it has granted the
/// last burst.
struct Transfer {
    timing::Access access;
    Time submitted = 0;
    Time accepted = never;  ///< last data beat has passed the port
    Time done = never;      ///< reads: as accepted; writes: last response
    std::uint32_t operation = 0;
    std::int32_t block = -1;  ///< OFM block it belongs to; -1: not known
    UnitId owner = UnitId::command_parser;
};

/// Grants of `beats` a period, reads and writes together.
class BandwidthCap {
public:
    void reset(const timing::PortRules& rules);
    [[nodiscard]] bool active() const { return beats_ > 0; }
    /// Books a burst; returns when it may be issued, not before `time`. Only where there is a cap.
    Time book(Time time, std::int64_t beats);

    /// Bursts at `time` and later, before `end`, are issued when they are ready while beats are
    /// left: take() books any number of them at once.
    struct Room {
        Time end = 0;
        std::int64_t beats = 0;
    };
    Room room(Time time);
    /// Only right behind room(), which must have had beats left before the last burst.
    void take(std::int64_t beats);

private:
    struct Period {
        std::int64_t number = -1;
        std::int64_t used = 0;
    };
    Time book_steady(Time time, std::int64_t beats);
    void find_period(Time time);
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
    std::array<Period, 64> periods_{};
};

class AxiPort {
public:
    /// Beats granted to one channel before the next one has its turn.
    static constexpr std::int64_t piece_beats = 64;

    AxiPort(UnitId id, Scheduler& scheduler, Observer& observer)
        : id_(id), scheduler_(&scheduler), observer_(&observer) {}

    void reset(const timing::PortRules& rules, std::vector<OperationRecord>* operations);
    [[nodiscard]] const timing::PortRules& rules() const { return rules_; }

    /// Queues `transfer` on `channel`; its unit is woken when the times are known and reached.
    /// A transfer without beats is done at once.
    void submit(Channel channel, Transfer& transfer, Time now);
    Time act(Time now);

    /// Requests whose last burst has not been granted.
    [[nodiscard]] std::size_t queued(bool write) const;
    [[nodiscard]] const PortTraffic& traffic() const { return traffic_; }
    /// Cycles that a burst was ready but every slot was taken.
    [[nodiscard]] std::int64_t slot_stall(bool write) const {
        return directions_[write ? 1 : 0].stalled;
    }
    [[nodiscard]] std::string describe() const;

private:
    struct Queue {
        Ring<Transfer*, 256> transfers;
        std::int64_t beats_left = 0, bursts_left = 0, bytes_left = 0;  ///< of the front
        void open_front();
    };
    struct Direction {
        bool write = false;
        std::size_t first = 0, last = 0;  ///< channels
        std::size_t turn = 0;
        std::int64_t latency = 0, response = 0;
        std::int64_t held = 0;  ///< a slot, beyond the burst's last beat
        Time decide = 0;  ///< next grant not before
        Time address_free = 0, data_free = 0;
        std::vector<Time> slots;  ///< release times, oldest at `slot`
        std::size_t slot = 0;
        std::int64_t stalled = 0;
        std::uint32_t waiting = 0;  ///< channels with a transfer, one bit each
    };

    Time act(Direction& direction, Time now);
    void note_piece(Queue& queue, std::size_t channel, std::int64_t beats, Time begin, Time end);
    void note(std::size_t channel, const Transfer& transfer);
    bool grant(Direction& direction, Time now);
    void serve(Direction& direction, std::size_t index, Time now);
    Time transport(Direction& direction, std::int64_t beats, std::int64_t bursts, Time now);
    template <class Sizes>
    void move_bursts(Direction& direction, std::int64_t beats, std::int64_t bursts, Sizes sizes);
    std::int64_t plain_bursts(const Direction& direction, std::int64_t bursts,
                              std::int64_t largest);
    void move_one(Direction& direction, std::int64_t beats);
    template <class Sizes>
    void move_slotted(Direction& direction, std::int64_t count, Sizes& sizes);

    UnitId id_;
    Scheduler* scheduler_;
    Observer* observer_;
    timing::PortRules rules_;
    std::vector<OperationRecord>* operations_ = nullptr;
    std::array<Queue, channel_count> queues_;
    std::array<Direction, 2> directions_;
    std::int64_t full_burst_ = 1;  ///< beats
    BandwidthCap cap_;
    PortTraffic traffic_;
};

}  // namespace u65sim::machine
