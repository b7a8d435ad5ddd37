// Which channel of a port's direction is granted next.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <u65sim/simulate.hpp>

#include "machine/channels/request_port.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// Channels take turns by pieces of their requests.
class ChannelTurns {
public:
    /// Beats granted to one channel before the next one has its turn.
    static constexpr std::int64_t piece_beats = 64;

    void reset(RequestPort& port, bool write) {
        port_ = &port;
        requests_ = &port.direction(write);
        first_ = static_cast<std::size_t>(write ? Channel::ofm : Channel::command);
        last_ = write ? channel_count : static_cast<std::size_t>(Channel::ofm);
        turn_ = first_;
    }
    [[nodiscard]] RequestPort::Direction& requests() const { return *requests_; }
    /// Channels from first() up to, not with, last().
    [[nodiscard]] std::size_t first() const { return first_; }
    [[nodiscard]] std::size_t last() const { return last_; }
    [[nodiscard]] std::size_t& turn() { return turn_; }

    /// The channel whose turn it is, of those that asked in an earlier cycle; channel_count: none.
    [[nodiscard]] std::size_t next_channel(Time now) const {
        const auto index_of = [](std::uint32_t bits) {
            return static_cast<std::size_t>(std::countr_zero(bits));
        };
        const auto visible = [&](std::size_t index) {
            return port_->queue(index).transfers.front()->submitted < now;
        };
        const std::uint32_t waiting = requests_->waiting;
        if ((waiting & (waiting - 1)) == 0) {  // the only one
            const std::size_t index = index_of(waiting);
            return visible(index) ? index : channel_count;
        }
        // Channels from the one whose turn it is, then those before it.
        const std::uint32_t from_turn = waiting & ~0U << turn_;
        for (std::uint32_t left : {from_turn, waiting & ~from_turn}) {
            for (; left != 0; left &= left - 1) {
                if (visible(index_of(left))) return index_of(left);
            }
        }
        return channel_count;
    }
    /// Channel `index` has had its turn.
    void pass_on(std::size_t index) { turn_ = index + 1 == last_ ? first_ : index + 1; }

    struct Piece {
        std::int64_t beats = 0, bursts = 0;
    };
    /// The next piece of a channel's oldest request.
    [[nodiscard]] static Piece next_piece(const RequestPort::Queue& queue) {
        const std::int64_t beats = std::min(piece_beats, queue.beats_left);
        const std::int64_t bursts = beats == queue.beats_left
                                        ? queue.bursts_left
                                        : queue.bursts_left * beats / queue.beats_left;
        return {beats, std::max<std::int64_t>(1, bursts)};
    }

private:
    RequestPort* port_ = nullptr;
    RequestPort::Direction* requests_ = nullptr;
    std::size_t first_ = 0, last_ = 0;
    std::size_t turn_ = 0;
};

}  // namespace u65sim::machine
