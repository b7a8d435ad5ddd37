// One AXI port and the memory behind it: arbitration among channels, bursts, slots, latency, cap.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <u65sim/simulate.hpp>

#include "machine/channels/request_port.hpp"
#include "machine/units/bandwidth_cap.hpp"
#include "machine/units/burst_flow.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/scheduler.hpp"
#include "timing/axi.hpp"

namespace u65sim::machine {

/// Serves the requests of one RequestPort.
class AxiPort {
public:
    /// Beats granted to one channel before the next one has its turn.
    static constexpr std::int64_t piece_beats = 64;

    AxiPort(UnitId id, RequestPort& requests, const Scheduler& clock, Probe& probe)
        : id_(id), requests_(&requests), clock_(&clock), probe_(&probe) {}

    /// The port's requests were reset before, and set its rules.
    void reset();
    Time act(Time now);

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
    using Queue = RequestPort::Queue;
    struct Direction {
        bool write = false;
        std::size_t first = 0, last = 0;  ///< channels
        std::size_t turn = 0;
        std::int64_t response = 0;  ///< from the last beat
        RequestPort::Direction* requests = nullptr;
        BurstFlow flow;
    };

    Time act(Direction& direction, Time now);
    void note_piece(Queue& queue, std::size_t channel, std::int64_t beats, Time begin, Time end);
    void note(std::size_t channel, const Transfer& transfer, Time now);
    [[nodiscard]] std::size_t next_channel(const Direction& direction, Time now) const;
    void serve(Direction& direction, std::size_t index, Time now);
    void finish(Direction& direction, std::size_t index, const timing::Access& access);
    std::int64_t serve_back_to_back(Direction& direction, Time now);

    UnitId id_;
    RequestPort* requests_;
    const Scheduler* clock_;
    Probe* probe_;
    std::array<Direction, 2> directions_;
    BandwidthCap cap_;
    std::uint64_t acts_ahead_ = 0;
    Time quiet_until_ = 0;  ///< no other unit acts before, as far as it is known
    PortTraffic traffic_;
};

}  // namespace u65sim::machine
