// A memory port as units see it: requests wait here, channel by channel, for whoever serves it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <u65sim/simulate.hpp>

#include "machine/channels/extent.hpp"
#include "machine/channels/transfer.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"
#include "timing/axi.hpp"

namespace u65sim::machine {

/// Units submit; the server (AxiPort, or a test) grants the requests of each channel in order and
/// tells their times.
class RequestPort {
public:
    /// Requests of one channel in order.
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
        std::uint32_t waiting = 0;  ///< channels with a request, one bit each
        Time next_grant = 0;        ///< not before
    };

    RequestPort(Scheduler& scheduler, UnitId server) : scheduler_(&scheduler), server_(server) {}
    void reset(const timing::PortRules& rules) {
        rules_ = rules;
        for (Queue& queue : queues_) queue.transfers.clear();
        if (extents_) {
            for (Extents& extents : *extents_) extents.clear();
        }
        directions_ = {};
    }
    [[nodiscard]] const timing::PortRules& rules() const { return rules_; }
    /// What a channel's requests are cut by.
    [[nodiscard]] const timing::BusShape& bus(Channel channel) const {
        if (channel == Channel::ifm || channel == Channel::ofm) return rules_.map_bus;
        const bool constants = channel == Channel::weights || channel == Channel::scales;
        return constants ? rules_.weight_bus : rules_.bus;
    }

    /// Queues `transfer` on `channel`; its unit is woken when the times are known and reached.
    /// A transfer without beats is done at once. The server sees it from the next cycle on.
    void submit(Channel channel, Transfer& transfer, Time now) {
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
        scheduler_->wake(server_, std::max(direction.next_grant, now + 1));
    }
    /// Whether units are to say where the bytes of their requests are: describe() behind submit().
    [[nodiscard]] bool wants_extents() const { return extents_ != nullptr; }
    void describe(Channel channel, const Transfer& transfer, const Extent& extent) {
        if (transfer.access.beats == 0) return;
        (*extents_)[static_cast<std::size_t>(channel)].push() = extent;
    }
    /// Requests whose last burst has not been granted.
    [[nodiscard]] std::size_t queued(bool write) const {
        std::size_t count = 0;
        for (std::size_t i = 0; i < channel_count; ++i) {
            if (is_write(static_cast<Channel>(i)) == write) count += queues_[i].transfers.size();
        }
        return count;
    }

    // The server's side.
    using Extents = Ring<Extent, 256>;
    void want_extents() { extents_ = std::make_unique<std::array<Extents, channel_count>>(); }
    /// Of a channel's requests, as in its queue; the server takes them out. Only where wanted.
    Extents& extents(std::size_t channel) { return (*extents_)[channel]; }
    Queue& queue(std::size_t channel) { return queues_[channel]; }
    [[nodiscard]] const Queue& queue(std::size_t channel) const { return queues_[channel]; }
    Direction& direction(bool write) { return directions_[write ? 1 : 0]; }
    /// The oldest request of a channel has all its times: wakes its owner and takes it out.
    /// Returns when the owner acts; never: it need not.
    Time complete(std::size_t channel) {
        const Time wake = tell(*queues_[channel].transfers.front());
        take_out(channel);
        return wake;
    }
    /// The two halves of complete(): a server that learns times later than it grants tells them
    /// when it does.
    Time tell(const Transfer& transfer) {
        if (!transfer.wakes) return never;
        const Time wake = transfer.awaits_answer ? transfer.done : transfer.accepted;
        scheduler_->wake(transfer.owner, wake);
        return wake;
    }
    void take_out(std::size_t channel) {
        Queue& queue = queues_[channel];
        queue.transfers.pop();
        if (!queue.transfers.empty()) {
            queue.open_front();
        } else {
            directions_[is_write(static_cast<Channel>(channel)) ? 1 : 0].waiting &=
                ~(1U << channel);
        }
    }

private:
    Scheduler* scheduler_;
    UnitId server_;
    timing::PortRules rules_;
    std::array<Queue, channel_count> queues_;
    std::array<Direction, 2> directions_;
    std::unique_ptr<std::array<Extents, channel_count>> extents_;  ///< null: not wanted
};

/// Which port each region of memory and the command stream are behind.
struct PortMap {
    std::array<int, 8> regions{};
    int commands = 0;
};

/// Both ports, and what is behind each.
struct MemoryPorts {
    std::array<RequestPort*, 2> ports{};
    PortMap map{};

    [[nodiscard]] int index(int region) const {
        return map.regions[static_cast<std::size_t>(region)];
    }
    [[nodiscard]] RequestPort& at(int port) const { return *ports[static_cast<std::size_t>(port)]; }
    [[nodiscard]] RequestPort& of_region(int region) const { return at(index(region)); }
    [[nodiscard]] RequestPort& of_commands() const { return at(map.commands); }
};

}  // namespace u65sim::machine
