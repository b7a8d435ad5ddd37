// An AXI port as the machine knows it, whatever memory is behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <u65sim/simulate.hpp>

#include "machine/channels/request_port.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

class BandwidthCap;
class StateWriter;
class StateReader;

/// Serves the requests of one RequestPort, and counts what passes.
class PortServer {
public:
    PortServer(const PortServer&) = delete;
    PortServer& operator=(const PortServer&) = delete;

    /// The port's requests were reset before, and set its rules.
    virtual void reset() = 0;
    virtual Time act(Time now) = 0;

    [[nodiscard]] const PortTraffic& traffic() const { return traffic_; }
    /// Cycles that a burst was ready but every slot was taken.
    [[nodiscard]] virtual std::int64_t& slot_stall(bool write) = 0;
    /// Acts that were done before their time, within others.
    [[nodiscard]] std::uint64_t acts_ahead() const { return acts_ahead_; }
    /// Calls `each` with every sum it keeps.
    template <class Each>
    void for_each_sum(const Each& each) {
        for_each_number(traffic_, each);
        for (const bool write : {false, true}) each(slot_stall(write));
        each(acts_ahead_);
    }
    [[nodiscard]] std::string describe() const;
    /// What limits its bandwidth; null: that is not known here.
    [[nodiscard]] virtual BandwidthCap* cap() { return nullptr; }
    /// All that its future depends on but the cap, for writing or reading.
    virtual void pass(StateWriter& state) = 0;
    virtual void pass(StateReader& state) = 0;

protected:
    PortServer(UnitId id, Probe& probe, RequestPort& requests)
        : id_(id), requests_(&requests), probe_(&probe) {}
    ~PortServer() = default;

    /// A piece of `transfer` of `bytes` passes the data bus.
    void note_piece(std::size_t channel, const Transfer& transfer, std::int64_t bytes, Time begin,
                    Time end);
    /// A unit's request has all its times: that is its interval. The DMA keeps its own.
    void note(std::size_t channel, const Transfer& transfer, Time now);

    UnitId id_;
    RequestPort* requests_;
    Probe* probe_;
    std::uint64_t acts_ahead_ = 0;
    PortTraffic traffic_;
};

}  // namespace u65sim::machine
