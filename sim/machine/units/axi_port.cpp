#include "machine/units/axi_port.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

#include <fmt/format.h>

#include "machine/units/state.hpp"

namespace u65sim::machine {

void AxiPort::reset() {
    const timing::PortRules& rules = requests_->rules();
    for (const bool write : {false, true}) {
        Direction& direction = directions_[write ? 1 : 0];
        direction.write = write;
        direction.first = static_cast<std::size_t>(write ? Channel::ofm : Channel::command);
        direction.last = write ? channel_count : static_cast<std::size_t>(Channel::ofm);
        direction.turn = direction.first;
        direction.response = write ? rules.write_latency : 0;
        direction.requests = &requests_->direction(write);
        direction.flow.reset(
            {.latency = write ? 0 : rules.read_latency,
             .held = direction.response + rules.slot_overhead,
             .slots = write ? rules.write_slots : rules.read_slots,
             .burst = std::max<std::int64_t>(1, rules.bus.burst_bytes / rules.bus.beat_bytes)},
            cap_);
    }
    cap_.reset(rules);
    traffic_ = {};
    acts_ahead_ = 0;
}

/// A piece of a request passes the data bus.
void AxiPort::note_piece(Queue& queue, std::size_t channel, std::int64_t beats, Time begin,
                         Time end) {
    const std::int64_t bytes = queue.bytes_left * beats / queue.beats_left;
    queue.bytes_left -= bytes;
    probe_->interval({static_cast<std::uint16_t>(id_), static_cast<Channel>(channel),
                      queue.transfers.front()->operation, -1, Cycles{begin}, Cycles{end},
                      Bytes{bytes}});
}

/// A unit's request has all its times: that is its interval. The DMA keeps its own.
void AxiPort::note(std::size_t channel, const Transfer& transfer, Time now) {
    constexpr std::array<UnitId, channel_count> units{UnitId::command_parser,
                                                      UnitId::ifm_loader,
                                                      UnitId::weight_loader,
                                                      UnitId::scale_loader,
                                                      UnitId::dma,
                                                      UnitId::ofm_writer,
                                                      UnitId::dma};
    if (units[channel] == UnitId::dma) return;
    probe_->request(id_ == UnitId::axi0 ? 0 : 1,
                    {.unit = static_cast<std::uint16_t>(units[channel]),
                     .operation = transfer.operation,
                     .block = transfer.block,
                     .start = Cycles{transfer.submitted},
                     .end = Cycles{transfer.done}},
                    now);
}

/// A channel's oldest request has its times; so have those before it, `access` in all.
inline void AxiPort::finish(Direction& direction, std::size_t index, const timing::Access& access) {
    count(traffic_, static_cast<Channel>(index), access);
    direction.turn = index + 1 == direction.last ? direction.first : index + 1;
    quiet_until_ = std::min(quiet_until_, requests_->complete(index));
}

/// Moves a piece of a channel's oldest transfer.
inline void AxiPort::serve(Direction& direction, std::size_t index, Time now) {
    Queue& queue = requests_->queue(index);
    Transfer& transfer = *queue.transfers.front();

    const std::int64_t beats = std::min(piece_beats, queue.beats_left);
    const std::int64_t bursts =
        beats == queue.beats_left
            ? std::max<std::int64_t>(1, queue.bursts_left)
            : std::max<std::int64_t>(1, queue.bursts_left * beats / queue.beats_left);
    const Time begin = std::max(now, direction.flow.data_free());
    const Time end = direction.flow.move(beats, bursts, now);
    direction.requests->next_grant = direction.flow.ready();
    if (probe_->wants_timeline()) note_piece(queue, index, beats, begin, end);
    queue.beats_left -= beats;
    queue.bursts_left -= bursts;

    if (queue.beats_left > 0) {
        direction.turn = index + 1 == direction.last ? direction.first : index + 1;
    } else {
        transfer.accepted = end;
        transfer.done = end + direction.response;
        if (probe_->wants_timeline()) note(index, transfer, now);
        finish(direction, index, transfer.access);
    }
}

/// The channel whose turn it is, of those that asked in an earlier cycle; channel_count: none.
inline std::size_t AxiPort::next_channel(const Direction& direction, Time now) const {
    const auto index_of = [](std::uint32_t bits) {
        return static_cast<std::size_t>(std::countr_zero(bits));
    };
    const auto visible = [&](std::size_t index) {
        return requests_->queue(index).transfers.front()->submitted < now;
    };
    const std::uint32_t waiting = direction.requests->waiting;
    if ((waiting & (waiting - 1)) == 0) {  // the only one
        const std::size_t index = index_of(waiting);
        return visible(index) ? index : channel_count;
    }
    // Channels from the one whose turn it is, then those before it.
    const std::uint32_t first = waiting & ~0U << direction.turn;
    for (std::uint32_t left : {first, waiting & ~first}) {
        for (; left != 0; left &= left - 1) {
            if (visible(index_of(left))) return index_of(left);
        }
    }
    return channel_count;
}

inline Time AxiPort::act(Direction& direction, Time now) {
    const RequestPort::Direction& requests = *direction.requests;
    if (requests.waiting == 0) return never;
    while (requests.next_grant <= now) {
        const std::size_t channel = next_channel(direction, now);
        if (channel == channel_count) return now + 1;
        serve(direction, channel, now);
        if (requests.waiting == 0) return never;
    }
    return requests.next_grant;
}

/// Serves the requests of the only channel that waits, pieces of the same full bursts, one after
/// the other as far as nobody can ask in between; returns how many. Zero: they do not follow back
/// to back.
std::int64_t AxiPort::serve_back_to_back(Direction& direction, Time now) {
    constexpr std::int64_t most = 8;
    const auto index = static_cast<std::size_t>(std::countr_zero(direction.requests->waiting));
    Queue& queue = requests_->queue(index);
    if (queue.transfers.size() < 2) return 0;
    const auto [bytes, beats, bursts] = queue.transfers.front()->access;
    if (beats > piece_beats || queue.beats_left != beats) return 0;
    if (beats != direction.flow.beats_of(bursts)) return 0;
    std::int64_t pieces = 0;
    const auto queued = static_cast<std::int64_t>(queue.transfers.size());
    for (Time time = now; pieces < std::min(queued, most); time += beats) {
        const Transfer& transfer = *queue.transfers[static_cast<std::size_t>(pieces)];
        if (transfer.access.beats != beats || transfer.access.bursts != bursts ||
            transfer.submitted >= now || (pieces > 0 && time > quiet_until_)) {
            break;
        }
        ++pieces;
        if (transfer.wakes) break;
    }
    Time end = direction.flow.data_free();
    if (pieces < 2 || !direction.flow.move_back_to_back(bursts, pieces, now)) return 0;
    direction.requests->next_grant = direction.flow.ready();
    timing::Access all;
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
        Transfer& transfer = *queue.transfers[static_cast<std::size_t>(piece)];
        end += beats;
        transfer.accepted = end;
        transfer.done = end + direction.response;
        all += transfer.access;
    }
    queue.transfers.pop(static_cast<std::size_t>(pieces) - 1);
    finish(direction, index, all);
    return pieces;
}

Time AxiPort::act(Time now) {
    // Nobody can ask for anything before the others' next acts: what happens until then is known.
    // Timelines keep what both ports do in the order of time.
    quiet_until_ = probe_->wants_timeline() ? -1 : clock_->quiet_until();
    Direction& reads = directions_[0];
    Direction& writes = directions_[1];
    const RequestPort::Direction& reading = *reads.requests;
    const RequestPort::Direction& writing = *writes.requests;
    std::uint64_t acts = 0;
    Time next = now;
    do {
        const bool one = writing.waiting == 0 && reading.waiting != 0 &&
                         (reading.waiting & (reading.waiting - 1)) == 0;
        const std::int64_t pieces =
            one && reading.next_grant <= next && reads.flow.may_move_back_to_back(next)
                ? serve_back_to_back(reads, next)
                : 0;
        if (pieces > 0) {
            acts += static_cast<std::uint64_t>(pieces);
            next = reading.waiting != 0 ? reading.next_grant : never;
        } else {
            ++acts;
            next = std::min(act(reads, next), act(writes, next));
        }
    } while (next <= quiet_until_);
    acts_ahead_ += acts - 1;
    return next;
}

std::string AxiPort::describe() const {
    std::string text;
    for (std::size_t i = 0; i < channel_count; ++i) {
        if (requests_->queue(i).transfers.empty()) continue;
        text +=
            fmt::format("{}{} transfers queued on {}", text.empty() ? "" : ", ",
                        requests_->queue(i).transfers.size(), to_string(static_cast<Channel>(i)));
    }
    return text;
}

template <class State>
void AxiPort::pass(State& state) {
    for (Direction& direction : directions_) {
        if constexpr (State::reading) direction.requests->waiting = 0;
        for (std::size_t i = direction.first; i < direction.last; ++i) {
            Queue& queue = requests_->queue(i);
            state.ring(queue.transfers, [&](Transfer*& transfer) { state.reference(transfer); });
            if (queue.transfers.empty()) continue;
            state.number(queue.beats_left);
            state.number(queue.bursts_left);
            if constexpr (State::reading) {
                direction.requests->waiting |= 1U << static_cast<unsigned>(i);
            }
        }
        state.number(direction.turn);
        state.due(direction.requests->next_grant);
        direction.flow.pass(state);
    }
    cap_.pass(state);
}

template void AxiPort::pass(StateWriter&);
template void AxiPort::pass(StateReader&);

}  // namespace u65sim::machine
