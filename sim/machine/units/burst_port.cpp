#include "machine/units/burst_port.hpp"

#include <algorithm>

#include "machine/memory/burst_flow.hpp"

namespace u65sim::machine {

BurstPort::BurstPort(UnitId id, const Ports& ports, std::int64_t most_in_flight)
    : PortServer(id, ports.probe, ports.requests),
      clock_(&ports.clock),
      server_(&ports.server),
      most_in_flight_(most_in_flight) {
    requests_->want_extents();
}

void BurstPort::reset() {
    server_->forget();
    const timing::PortRules& rules = requests_->rules();
    for (const bool write : {false, true}) {
        Direction& direction = directions_[write ? 1 : 0];
        direction = {};
        direction.write = write;
        direction.turns.reset(*requests_, write);
        direction.latency = write ? 0 : rules.read_latency;
        direction.slots = write ? rules.write_slots : rules.read_slots;
        if (most_in_flight_ > 0 && (direction.slots == 0 || direction.slots > most_in_flight_)) {
            direction.slots = most_in_flight_;
        }
        direction.free_slots.assign(static_cast<std::size_t>(direction.slots), 0);
    }
    traffic_ = {};
    acts_ahead_ = 0;
    reads_first_ = acting_ = false;
}

bool BurstPort::idle() const {
    return std::all_of(directions_.begin(), directions_.end(), [](const Direction& direction) {
        return direction.requests.empty() && direction.turns.requests().waiting == 0;
    });
}

void BurstPort::wake(Time time) {
    if (!acting_) clock_->wake(id_, time);
}

/// When the next burst may have a slot; never: an answer will tell.
Time BurstPort::slot_free(const Direction& direction) const {
    if (direction.slots == 0) return 0;
    return direction.free_slots.empty() ? never : direction.free_slots.front();
}

/// When the next piece may be granted; never: an answer will tell.
Time BurstPort::next_grant(const Direction& direction) const {
    const Time data = std::max(direction.planned_free, direction.data_free) - direction.latency;
    return std::max({direction.address_free, data, slot_free(direction)});
}

/// A channel's oldest request, with its bursts.
OpenRequest& BurstPort::open_request(Direction& direction, std::size_t channel) {
    if (direction.open[channel] == nullptr) {
        OpenRequest& request = direction.requests.emplace_back();
        request.transfer = requests_->queue(channel).transfers.front();
        request.channel = channel;
        cut_bursts(requests_->extents(channel).front(),
                   std::max<std::int64_t>(1, request.transfer->access.bursts),
                   requests_->bus(static_cast<Channel>(channel)), request.bursts);
        direction.open[channel] = &request;
    }
    return *direction.open[channel];
}

/// Cuts the next piece of a channel's oldest request into bursts.
void BurstPort::grant(Direction& direction, std::size_t channel, Time now) {
    RequestPort::Queue& queue = requests_->queue(channel);
    OpenRequest& request = open_request(direction, channel);
    const auto [beats, bursts] = ChannelTurns::next_piece(queue);
    const std::int64_t bytes = queue.bytes_left * beats / queue.beats_left;
    const BurstSizes sizes{beats, bursts};
    for (std::int64_t i = 0; i < bursts; ++i) {
        // A piece without a burst of its own moves the last one again.
        const std::size_t index = std::min(request.next++, request.bursts.size() - 1);
        direction.bursts.push_back({.request = &request,
                                    .write = direction.write,
                                    .region = requests_->extents(channel).front().region,
                                    .where = request.bursts[index],
                                    .operation = request.transfer->operation,
                                    .beats = sizes.beats(i),
                                    .granted = now,
                                    .first_of_piece = i == 0,
                                    .last_of_piece = i + 1 == bursts,
                                    .piece_bytes = bytes});
    }
    request.not_accepted += bursts;
    request.not_answered += bursts;
    direction.address_free = std::max(now, direction.address_free);
    queue.bytes_left -= bytes;
    queue.beats_left -= beats;
    queue.bursts_left -= bursts;
    direction.turns.pass_on(channel);
    if (queue.beats_left > 0) return;
    request.granted = true;
    direction.open[channel] = nullptr;
    count(traffic_, static_cast<Channel>(channel), request.transfer->access);
    requests_->extents(channel).pop();
    requests_->take_out(channel);
}

/// The next burst leaves at `time`.
void BurstPort::send(Direction& direction, Time time) {
    BurstRequest& burst = direction.bursts[direction.sent++];
    if (direction.slots > 0) {
        const Time slot = direction.free_slots.front();
        direction.stalled += std::max<Time>(0, slot - direction.address_free);
        direction.free_slots.pop_front();
    }
    direction.address_free = time + 1;
    server_->send(burst, time);
}

/// The burst's data pass the bus, from `time` on.
void BurstPort::pass_data(Direction& direction, BurstRequest& burst, Time time) {
    burst.data_begin = std::max(burst.granted, direction.data_free);
    direction.data_free = std::max(time, direction.data_free) + burst.beats;
    burst.data_end = direction.data_free;
}

void BurstPort::accept(BurstRequest& burst, Time time) {
    Direction& direction = direction_of(burst);
    OpenRequest& request = *burst.request;
    burst.accepted = time;
    direction.address_free = std::max(direction.address_free, time + 1);
    direction.planned_free =
        std::max(time + direction.latency, direction.planned_free) + burst.beats;
    --request.not_accepted;
    if (!direction.write) return;
    pass_data(direction, burst, time);
    Transfer& transfer = *request.transfer;
    if (request.granted && request.not_accepted == 0) {
        transfer.accepted = direction.data_free;
        if (!transfer.awaits_answer && !server_->ahead()) requests_->tell(transfer);
    }
}

void BurstPort::answer(BurstRequest& burst, Time time) {
    Direction& direction = direction_of(burst);
    burst.answered = time;
    while (direction.sent > 0 && direction.bursts.front().answered != never) {
        complete(direction, direction.bursts.front());
        direction.bursts.pop_front();
        --direction.sent;
    }
    wake(time);
}

/// The oldest burst under way has been answered.
void BurstPort::complete(Direction& direction, BurstRequest& burst) {
    OpenRequest& request = *burst.request;
    Transfer& transfer = *request.transfer;
    if (!direction.write) pass_data(direction, burst, burst.answered);
    const Time done = direction.write ? std::max(burst.answered, burst.data_end) : burst.data_end;
    if (direction.slots > 0) {
        direction.free_slots.push_back(done + requests_->rules().slot_overhead);
    }
    if (burst.first_of_piece) request.piece_begin = burst.data_begin;
    if (burst.last_of_piece && probe_->wants_timeline()) {
        note_piece(request.channel, transfer, burst.piece_bytes, request.piece_begin,
                   burst.data_end);
    }
    if (--request.not_answered > 0 || !request.granted) return;
    if (!direction.write) transfer.accepted = done;
    transfer.done = done;
    finish(direction, request);
}

/// A request has its times.
void BurstPort::finish(Direction& direction, OpenRequest& request) {
    Transfer& transfer = *request.transfer;
    if (probe_->wants_timeline()) note(request.channel, transfer, clock_->now());
    if (!direction.write || server_->ahead() || transfer.awaits_answer) {
        requests_->tell(transfer);
    } else if (transfer.wakes) {
        clock_->wake(transfer.owner, transfer.done);  // it was told that it is accepted
    }
    direction.requests.remove_if([&](const OpenRequest& open) { return &open == &request; });
}

Time BurstPort::act(Direction& direction, Time now) {
    RequestPort::Direction& requests = direction.turns.requests();
    for (;;) {
        while (direction.sent < direction.bursts.size()) {
            const Time slot = slot_free(direction);
            if (slot == never) return never;
            const Time time = std::max({now, direction.address_free, slot});
            if (time > now && !server_->ahead()) return time;
            if (!server_->ready()) {
                reads_first_ |= !direction.write;
                return never;
            }
            if (!direction.write) reads_first_ = false;
            send(direction, time);
        }
        if (requests.waiting == 0) return never;
        const Time next = next_grant(direction);
        requests.next_grant = next == never ? 0 : next;
        if (next == never) return never;
        if (next > now) return next;
        const std::size_t channel = direction.turns.next_channel(now);
        if (channel == channel_count) return now + 1;
        grant(direction, channel, now);
    }
}

Time BurstPort::act(Time now) {
    acting_ = true;
    const bool reads_first = reads_first_;
    const Time first = act(directions_[reads_first ? 0 : 1], now);
    const Time second = act(directions_[reads_first ? 1 : 0], now);
    acting_ = false;
    return std::min(first, second);
}

}  // namespace u65sim::machine
