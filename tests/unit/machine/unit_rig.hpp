// One unit of the machine alone: channels around it, a memory of fixed latency, wakes recorded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "machine/channels/channels.hpp"
#include "machine/units/scheduler.hpp"
#include "stream/operation.hpp"
#include "unit/timing/kernels.hpp"

namespace unit_test {

using namespace u65sim;
using namespace u65sim::machine;
using stream::KernelOp;
using timing_test::brick_map;
using timing_test::convolution;
using timing_test::target;

/// What the unit asked a port for.
struct Request {
    Time time = 0;  ///< submitted
    int port = 0;
    Channel channel{};
    std::int64_t bytes = 0;
    bool operator==(const Request&) const = default;
};

/// Another unit was to act.
struct Wake {
    Time time = 0;
    UnitId unit{};
    bool operator==(const Wake&) const = default;
};

/// A request of cycle t is granted at t + 1. Reads arrive `latency` later; writes are accepted
/// `acceptance` later, and answered `response` after that. Requests do not delay each other.
class UnitRig {
public:
    explicit UnitRig(const Target& target, std::vector<stream::Action> actions) {
        std::uint32_t words = 0;
        for (stream::Action& action : actions) {
            words += 40;
            commands.push_back({words - 1, 40, std::move(action)});
        }
        channels.reset(commands, target, false);
    }

    /// Lets `unit` act whenever it wants to or is woken, up to cycle `until`; other units are
    /// recorded and do nothing.
    template <class Unit>
    void run(Unit& unit, UnitId id, Time until) {
        for (auto due = clock.earliest(); due.time <= until; due = clock.earliest()) {
            clock.begin(due.unit, due.time);
            if (due.unit == id) {
                const Time next = unit.act(due.time);
                if (next != never) clock.wake(id, next);
            } else if (due.unit == UnitId::axi0 || due.unit == UnitId::axi1) {
                grant(due.unit == UnitId::axi0 ? 0 : 1, due.time);
            } else {
                wakes.push_back({due.time, due.unit});
            }
        }
    }
    /// Times of all requests on a channel, in order.
    [[nodiscard]] std::vector<Time> times(Channel channel) const {
        std::vector<Time> result;
        for (const Request& request : requests) {
            if (request.channel == channel) result.push_back(request.time);
        }
        return result;
    }
    /// Cycles at which another unit was woken, in order.
    [[nodiscard]] std::vector<Time> woken(UnitId unit) const {
        std::vector<Time> result;
        for (const Wake& wake : wakes) {
            if (wake.unit == unit) result.push_back(wake.time);
        }
        return result;
    }
    /// Cycles before `now` in which a flag was up.
    std::int64_t flag(Flag which, Time now) {
        channels.probe.settle(now);
        const std::int64_t cycles = channels.probe.time(which);
        channels.probe.resume(now);
        return cycles;
    }
    [[nodiscard]] OperationRecord& record(std::size_t operation) {
        return channels.probe.records()[operation];
    }

    Time latency = 100, acceptance = 20, response = 40;
    std::vector<stream::Command> commands;
    Scheduler clock;
    Channels channels{clock};
    std::vector<Request> requests;
    std::vector<Wake> wakes;

private:
    void grant(int port, Time now) {
        RequestPort& from = channels.memory.at(port);
        for (std::size_t channel = 0; channel < channel_count; ++channel) {
            const bool write = is_write(static_cast<Channel>(channel));
            while (!from.queue(channel).transfers.empty()) {
                Transfer& transfer = *from.queue(channel).transfers.front();
                requests.push_back({transfer.submitted, port, static_cast<Channel>(channel),
                                    transfer.access.bytes});
                transfer.accepted = now + (write ? acceptance : latency);
                transfer.done = transfer.accepted + (write ? response : 0);
                from.complete(channel);
            }
        }
    }
};

}  // namespace unit_test
