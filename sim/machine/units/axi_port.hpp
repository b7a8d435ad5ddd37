// One AXI port with an analytic memory behind it: every time is known when a piece is granted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "machine/channels/request_port.hpp"
#include "machine/memory/analytic_memory.hpp"
#include "machine/units/channel_turns.hpp"
#include "machine/units/port_server.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/scheduler.hpp"
#include "timing/axi.hpp"

namespace u65sim::machine {

/// Grants ahead of time as far as nobody can ask for anything else in between.
class AxiPort final : public PortServer {
public:
    struct Ports {
        const Scheduler& clock;  ///< to look ahead
        Probe& probe;
        RequestPort& requests;
    };
    AxiPort(UnitId id, const Ports& ports)
        : PortServer(id, ports.probe, ports.requests), clock_(&ports.clock) {}

    void reset() override;
    Time act(Time now) override;
    [[nodiscard]] std::int64_t& slot_stall(bool write) override {
        return memory_.flow(write).stalled();
    }
    [[nodiscard]] BandwidthCap* cap() override { return &memory_.cap(); }
    void pass(StateWriter& state) override { pass_state(state); }
    void pass(StateReader& state) override { pass_state(state); }

private:
    using Queue = RequestPort::Queue;
    struct Direction {
        ChannelTurns turns;
        std::int64_t response = 0;  ///< from the last beat
        BurstFlow* flow = nullptr;
    };

    Time act(Direction& direction, Time now);
    void serve(Direction& direction, std::size_t index, Time now);
    void finish(Direction& direction, std::size_t index, const timing::Access& access);
    std::int64_t serve_back_to_back(Direction& direction, Time now);
    template <class State>
    void pass_state(State& state);

    const Scheduler* clock_;
    AnalyticMemory memory_;
    std::array<Direction, 2> directions_;
    Time quiet_until_ = 0;  ///< no other unit acts before, as far as it is known
};

}  // namespace u65sim::machine
