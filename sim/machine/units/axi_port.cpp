#include "machine/units/axi_port.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "machine/units/state.hpp"

namespace u65sim::machine {

void AxiPort::reset() {
    memory_.reset(requests_->rules());
    for (const bool write : {false, true}) {
        Direction& direction = directions_[write ? 1 : 0];
        direction.turns.reset(*requests_, write);
        direction.response = memory_.response(write);
        direction.flow = &memory_.flow(write);
    }
    traffic_ = {};
    acts_ahead_ = 0;
}

/// A channel's oldest request has its times; so have those before it, `access` in all.
inline void AxiPort::finish(Direction& direction, std::size_t index, const timing::Access& access) {
    count(traffic_, static_cast<Channel>(index), access);
    direction.turns.pass_on(index);
    quiet_until_ = std::min(quiet_until_, requests_->complete(index));
}

/// Moves a piece of a channel's oldest transfer.
inline void AxiPort::serve(Direction& direction, std::size_t index, Time now) {
    Queue& queue = requests_->queue(index);
    Transfer& transfer = *queue.transfers.front();

    const auto [beats, bursts] = ChannelTurns::next_piece(queue);
    const Time begin = std::max(now, direction.flow->data_free());
    const Time end = direction.flow->move(beats, bursts, now);
    direction.turns.requests().next_grant = direction.flow->ready();
    if (probe_->wants_timeline()) {
        const std::int64_t bytes = queue.bytes_left * beats / queue.beats_left;
        queue.bytes_left -= bytes;
        note_piece(index, transfer, bytes, begin, end);
    }
    queue.beats_left -= beats;
    queue.bursts_left -= bursts;

    if (queue.beats_left > 0) {
        direction.turns.pass_on(index);
    } else {
        transfer.accepted = end;
        transfer.done = end + direction.response;
        if (probe_->wants_timeline()) note(index, transfer, now);
        finish(direction, index, transfer.access);
    }
}

inline Time AxiPort::act(Direction& direction, Time now) {
    const RequestPort::Direction& requests = direction.turns.requests();
    if (requests.waiting == 0) return never;
    while (requests.next_grant <= now) {
        const std::size_t channel = direction.turns.next_channel(now);
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
    const auto index =
        static_cast<std::size_t>(std::countr_zero(direction.turns.requests().waiting));
    Queue& queue = requests_->queue(index);
    if (queue.transfers.size() < 2) return 0;
    const auto [bytes, beats, bursts] = queue.transfers.front()->access;
    if (beats > ChannelTurns::piece_beats || queue.beats_left != beats) return 0;
    if (beats != direction.flow->beats_of(bursts)) return 0;
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
    Time end = direction.flow->data_free();
    if (pieces < 2 || !direction.flow->move_back_to_back(bursts, pieces, now)) return 0;
    direction.turns.requests().next_grant = direction.flow->ready();
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
    const RequestPort::Direction& reading = reads.turns.requests();
    const RequestPort::Direction& writing = writes.turns.requests();
    std::uint64_t acts = 0;
    Time next = now;
    do {
        const bool one = writing.waiting == 0 && reading.waiting != 0 &&
                         (reading.waiting & (reading.waiting - 1)) == 0;
        const std::int64_t pieces =
            one && reading.next_grant <= next && reads.flow->may_move_back_to_back(next)
                ? serve_back_to_back(reads, next)
                : 0;
        if (pieces > 0) {
            acts += static_cast<std::uint64_t>(pieces);
            next = reading.waiting != 0 ? reading.next_grant : never;
        } else {
            ++acts;
            // Of a cycle's grants those of writes come first at the cap.
            const Time next_write = act(writes, next);
            next = std::min(next_write, act(reads, next));
        }
    } while (next <= quiet_until_);
    acts_ahead_ += acts - 1;
    return next;
}

template <class State>
void AxiPort::pass_state(State& state) {
    for (Direction& direction : directions_) {
        RequestPort::Direction& requests = direction.turns.requests();
        if constexpr (State::reading) requests.waiting = 0;
        for (std::size_t i = direction.turns.first(); i < direction.turns.last(); ++i) {
            Queue& queue = requests_->queue(i);
            state.ring(queue.transfers, [&](Transfer*& transfer) { state.reference(transfer); });
            if (queue.transfers.empty()) continue;
            state.number(queue.beats_left);
            state.number(queue.bursts_left);
            if constexpr (State::reading) requests.waiting |= 1U << static_cast<unsigned>(i);
        }
        state.number(direction.turns.turn());
        state.due(requests.next_grant);
        direction.flow->pass(state);
    }
}

template void AxiPort::pass_state(StateWriter&);
template void AxiPort::pass_state(StateReader&);

}  // namespace u65sim::machine
