// One AXI port that asks for each burst by itself, and learns its times from who serves it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <vector>

#include "machine/channels/extent.hpp"
#include "machine/channels/request_port.hpp"
#include "machine/units/channel_turns.hpp"
#include "machine/units/port_server.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// A request whose bursts are under way.
struct OpenRequest {
    Transfer* transfer = nullptr;
    std::size_t channel = 0;
    std::vector<Burst> bursts;
    std::size_t next = 0;  ///< of them, to be granted
    bool granted = false;  ///< to the last
    std::int64_t not_accepted = 0, not_answered = 0;
    Time piece_begin = 0;  ///< of the piece whose data pass now
};

/// One burst on its way.
struct BurstRequest {
    OpenRequest* request = nullptr;
    bool write = false;
    int region = 0;  ///< or Extent::command_queue
    Burst where;
    std::uint32_t operation = 0;
    std::int64_t beats = 0;  ///< on the data bus: those of a piece are as equal as can be
    Time granted = 0;
    bool first_of_piece = false, last_of_piece = false;
    std::int64_t piece_bytes = 0;
    Time accepted = never, answered = never;
    Time data_begin = 0, data_end = 0;            ///< the data bus is its own
    std::int64_t unaccepted = 1, unanswered = 1;  ///< parts, for a server that cuts it
};

/// Who carries bursts to memory.
class BurstServer {
public:
    /// Another burst may be sent now: the one before has been accepted.
    [[nodiscard]] virtual bool ready() const = 0;
    /// Bursts may be sent before their time; each is then answered before send() returns.
    [[nodiscard]] virtual bool ahead() const = 0;
    /// `burst` leaves at cycle `time`, now unless ahead(). Leads to BurstPort::accept() and then
    /// answer(), within this call or later.
    virtual void send(BurstRequest& burst, Time time) = 0;
    /// Nothing that was sent is to be answered any more.
    virtual void forget() = 0;

protected:
    ~BurstServer() = default;
};

/// Arbitrates as AxiPort does. A burst leaves when the address channel and a slot are free, and
/// data that come in order pass at a beat a cycle. A piece is granted when its data, after the
/// latency that the target states for the memory, would follow those before it.
class BurstPort final : public PortServer {
public:
    struct Ports {
        Scheduler& clock;
        Probe& probe;
        RequestPort& requests;
        BurstServer& server;
    };
    /// `most_in_flight`: bursts of a direction, besides the target's limit; zero: no other.
    BurstPort(UnitId id, const Ports& ports, std::int64_t most_in_flight);

    void reset() override;
    Time act(Time now) override;
    [[nodiscard]] std::int64_t& slot_stall(bool write) override {
        return directions_[write ? 1 : 0].stalled;
    }
    void pass(StateWriter& /*state*/) override {}  // its runs are not replayed
    void pass(StateReader& /*state*/) override {}

    // The server's side.
    /// The address of `burst`, the last one sent, was taken at `time`.
    void accept(BurstRequest& burst, Time time);
    /// Reads: the first data are there at `time`; writes: the last have been stored. Answers may
    /// come in any order; they take effect in the order in which bursts were sent, after which
    /// `burst` is gone.
    void answer(BurstRequest& burst, Time time);
    /// The server is ready() again at `time`.
    void wake(Time time);
    /// No burst of an unfinished request is under way or waits.
    [[nodiscard]] bool idle() const;

private:
    struct Direction {
        bool write = false;
        ChannelTurns turns;
        Time latency = 0;  ///< from an address to its data, as planned
        std::int64_t slots = 0;
        std::deque<Time> free_slots;  ///< when each that is known to become free does
        Time address_free = 0;
        Time planned_free = 0, data_free = 0;  ///< the data bus
        std::int64_t stalled = 0;
        std::deque<BurstRequest> bursts;  ///< granted, in order
        std::size_t sent = 0;             ///< of them
        std::list<OpenRequest> requests;
        std::array<OpenRequest*, channel_count> open{};  ///< of each channel, not wholly granted
    };

    Direction& direction_of(const BurstRequest& burst) { return directions_[burst.write ? 1 : 0]; }
    Time act(Direction& direction, Time now);
    [[nodiscard]] Time slot_free(const Direction& direction) const;
    [[nodiscard]] Time next_grant(const Direction& direction) const;
    OpenRequest& open_request(Direction& direction, std::size_t channel);
    void grant(Direction& direction, std::size_t channel, Time now);
    void send(Direction& direction, Time time);
    static void pass_data(Direction& direction, BurstRequest& burst, Time time);
    void complete(Direction& direction, BurstRequest& burst);
    void finish(Direction& direction, OpenRequest& request);

    Scheduler* clock_;
    BurstServer* server_;
    std::int64_t most_in_flight_;
    std::array<Direction, 2> directions_;
    bool reads_first_ = false;  ///< a read waited for the address channel; else writes are first
    bool acting_ = false;
};

}  // namespace u65sim::machine
