// One AXI port and the memory behind it: arbitration among channels, bursts, slots, latency, cap.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <u65sim/simulate.hpp>

#include "machine/units/bandwidth_cap.hpp"
#include "machine/units/burst_flow.hpp"
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
    bool wakes = true;           ///< its owner, when it is accepted
    bool awaits_answer = false;  ///< its owner has nothing to do before it is done
};

inline void count(PortTraffic& traffic, Channel channel, const timing::Access& access) {
    const auto index = static_cast<std::size_t>(channel);
    traffic.beats[index] += access.beats;
    traffic.bytes[index] += Bytes{access.bytes};
    traffic.bursts[index] += access.bursts;
}

template <class Each>
void for_each_number(PortTraffic& traffic, const Each& each) {
    for (std::size_t i = 0; i < channel_count; ++i) {
        each(traffic.beats[i]);
        each(traffic.bytes[i]);
        each(traffic.bursts[i]);
    }
}

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
    /// Calls `each` with every sum it keeps.
    template <class Each>
    void for_each_sum(const Each& each) {
        for_each_number(traffic_, each);
        for (Direction& direction : directions_) each(direction.flow.stalled());
        each(acts_ahead_);
    }
    /// Cycles that a burst was ready but every slot was taken.
    [[nodiscard]] std::int64_t slot_stall(bool write) const {
        return directions_[write ? 1 : 0].flow.stalled();
    }
    /// Acts that were done before their time, within others.
    [[nodiscard]] std::uint64_t acts_ahead() const { return acts_ahead_; }
    [[nodiscard]] std::string describe() const;
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

private:
    struct Queue {
        Ring<Transfer*, 256> transfers;
        std::int64_t beats_left = 0, bursts_left = 0, bytes_left = 0;  ///< of the front
        void open_front() {
            const timing::Access& access = transfers.front()->access;
            beats_left = access.beats;
            bursts_left = access.bursts;
            bytes_left = access.bytes;
        }
    };
    struct Direction {
        bool write = false;
        std::size_t first = 0, last = 0;  ///< channels
        std::size_t turn = 0;
        std::int64_t response = 0;  ///< from the last beat
        Time decide = 0;            ///< next grant not before
        BurstFlow flow;
        std::uint32_t waiting = 0;  ///< channels with a transfer, one bit each
    };

    Time act(Direction& direction, Time now);
    void note_piece(Queue& queue, std::size_t channel, std::int64_t beats, Time begin, Time end);
    void note(std::size_t channel, const Transfer& transfer, Time now);
    [[nodiscard]] std::size_t next_channel(const Direction& direction, Time now) const;
    void serve(Direction& direction, std::size_t index, Time now);
    void finish(Direction& direction, std::size_t index, const timing::Access& access);
    std::int64_t serve_back_to_back(Direction& direction, Time now);

    UnitId id_;
    Scheduler* scheduler_;
    Observer* observer_;
    timing::PortRules rules_;
    std::vector<OperationRecord>* operations_ = nullptr;
    std::array<Queue, channel_count> queues_;
    std::array<Direction, 2> directions_;
    BandwidthCap cap_;
    std::uint64_t acts_ahead_ = 0;
    Time quiet_until_ = 0;  ///< no other unit acts before, as far as it is known
    PortTraffic traffic_;
};

inline void AxiPort::submit(Channel channel, Transfer& transfer, Time now) {
    transfer.submitted = now;
    if (transfer.access.beats == 0) {
        transfer.accepted = transfer.done = now;
        return;
    }
    Queue& queue = queues_[static_cast<std::size_t>(channel)];
    queue.transfers.push() = &transfer;
    if (queue.transfers.size() == 1) queue.open_front();
    Direction& direction = directions_[is_write(channel) ? 1 : 0];
    direction.waiting |= 1U << static_cast<unsigned>(channel);
    scheduler_->wake(id_, std::max(direction.decide, now + 1));
}

}  // namespace u65sim::machine
