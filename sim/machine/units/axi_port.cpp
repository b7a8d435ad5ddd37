#include "machine/units/axi_port.hpp"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace u65sim::machine {

namespace {

/// Bursts of one size.
class EqualSizes {
public:
    explicit EqualSizes(std::int64_t beats) : beats_(beats) {}
    [[nodiscard]] std::int64_t smallest() const { return beats_; }
    [[nodiscard]] std::int64_t largest() const { return beats_; }
    [[nodiscard]] std::int64_t next() const { return beats_; }
    /// Beats of the next `count` bursts.
    [[nodiscard]] std::int64_t sum(std::int64_t count) const { return count * beats_; }
    void skip(std::int64_t /*count*/) {}

private:
    std::int64_t beats_;
};

/// `bursts` bursts of `beats` in all, as equal as they can be.
class SpreadSizes {
public:
    SpreadSizes(std::int64_t beats, std::int64_t bursts)
        : bursts_(bursts), whole_(beats / bursts), rest_(beats % bursts) {}
    [[nodiscard]] std::int64_t smallest() const { return whole_; }
    [[nodiscard]] std::int64_t largest() const { return whole_ + (rest_ > 0 ? 1 : 0); }
    std::int64_t next() {
        part_ += rest_;
        const bool one_more = part_ >= bursts_;
        if (one_more) part_ -= bursts_;
        return whole_ + (one_more ? 1 : 0);
    }
    /// Beats of the next `count` bursts.
    [[nodiscard]] std::int64_t sum(std::int64_t count) const {
        return count * whole_ + (part_ + count * rest_) / bursts_;
    }
    void skip(std::int64_t count) { part_ = (part_ + count * rest_) % bursts_; }

private:
    std::int64_t bursts_, whole_, rest_;
    std::int64_t part_ = 0;  ///< of a beat, in bursts
};

}  // namespace

void BandwidthCap::reset(const timing::PortRules& rules) {
    beats_ = rules.cap_beats;
    period_ = rules.cap_period;
    steady_ = rules.steady_cap;
    next_ = next_part_ = 0;
    last_number_ = last_begin_ = 0;
    periods_.fill({});
}

Time BandwidthCap::book_steady(Time time, std::int64_t beats) {
    if (next_ < time) {
        next_ = time;
        next_part_ = 0;
    }
    const Time start = next_ + (next_part_ > 0 ? 1 : 0);
    next_part_ += beats * period_;
    next_ += next_part_ / beats_;
    next_part_ %= beats_;
    return start;
}

void BandwidthCap::find_period(Time time) {
    if (time >= last_begin_ && time < last_begin_ + period_) return;
    last_number_ = time / period_;
    last_begin_ = last_number_ * period_;
}

BandwidthCap::Room BandwidthCap::room(Time time) {
    if (steady_) return {};
    find_period(time);
    const Period& period = last_period();
    if (period.number > last_number_) return {};
    return {last_begin_ + period_, period.number < last_number_ ? beats_ : beats_ - period.used};
}

void BandwidthCap::take(std::int64_t beats) {
    Period& period = last_period();
    if (period.number < last_number_) period = {last_number_, 0};
    period.used += beats;
}

Time BandwidthCap::book(Time time, std::int64_t beats) {
    if (steady_) return book_steady(time, beats);
    find_period(time);
    for (;; ++last_number_, last_begin_ += period_) {
        Period& period = last_period();
        if (period.number < last_number_) period = {last_number_, 0};
        if (period.number > last_number_ || period.used >= beats_) continue;
        period.used += beats;
        return std::max(time, last_begin_);
    }
}

void AxiPort::reset(const timing::PortRules& rules, std::vector<OperationRecord>* operations) {
    rules_ = rules;
    operations_ = operations;
    for (Queue& queue : queues_) queue.transfers.clear();
    for (const bool write : {false, true}) {
        Direction& direction = directions_[write ? 1 : 0];
        direction.write = write;
        direction.first = static_cast<std::size_t>(write ? Channel::ofm : Channel::command);
        direction.last = write ? channel_count : static_cast<std::size_t>(Channel::ofm);
        direction.turn = direction.first;
        direction.latency = write ? 0 : rules.read_latency;
        direction.response = write ? rules.write_latency : 0;
        direction.held = direction.response + rules.slot_overhead;
        direction.decide = direction.address_free = direction.data_free = 0;
        direction.slots.assign(
            static_cast<std::size_t>(write ? rules.write_slots : rules.read_slots), 0);
        direction.slot = 0;
        direction.stalled = 0;
        direction.waiting = 0;
    }
    full_burst_ = std::max<std::int64_t>(1, rules.bus.burst_bytes / rules.bus.beat_bytes);
    cap_.reset(rules);
    traffic_ = {};
}

void AxiPort::Queue::open_front() {
    const timing::Access& access = transfers.front()->access;
    beats_left = access.beats;
    bursts_left = access.bursts;
    bytes_left = access.bytes;
}

/// A piece of a request passes the data bus.
void AxiPort::note_piece(Queue& queue, std::size_t channel, std::int64_t beats, Time begin,
                         Time end) {
    const std::int64_t bytes = queue.bytes_left * beats / queue.beats_left;
    queue.bytes_left -= bytes;
    observer_->interval({static_cast<std::uint16_t>(id_), static_cast<Channel>(channel),
                         queue.transfers.front()->operation, -1, Cycles{begin}, Cycles{end},
                         Bytes{bytes}});
}

/// A unit's request has all its times: that is its interval. The DMA keeps its own.
void AxiPort::note(std::size_t channel, const Transfer& transfer) {
    constexpr std::array<UnitId, channel_count> units{UnitId::command_parser,
                                                      UnitId::ifm_loader,
                                                      UnitId::weight_loader,
                                                      UnitId::scale_loader,
                                                      UnitId::dma,
                                                      UnitId::ofm_writer,
                                                      UnitId::dma};
    if (units[channel] == UnitId::dma) return;
    observer_->interval(units[channel], transfer.operation, transfer.block, transfer.submitted,
                        transfer.done);
}

void AxiPort::submit(Channel channel, Transfer& transfer, Time now) {
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
    scheduler_->wake(id_, std::max(direction.decide, now + 1));
}

Time AxiPort::act(Time now) { return std::min(act(directions_[0], now), act(directions_[1], now)); }

Time AxiPort::act(Direction& direction, Time now) {
    while (direction.decide <= now && direction.waiting != 0 && grant(direction, now)) {
    }
    return direction.waiting != 0 ? std::max(direction.decide, now + 1) : never;
}

/// Serves one piece of the next channel that asked in an earlier cycle.
bool AxiPort::grant(Direction& direction, Time now) {
    // Channels from the one whose turn it is, then those before it.
    const std::uint32_t first = direction.waiting & ~0U << direction.turn;
    for (std::uint32_t left : {first, direction.waiting & ~first}) {
        for (; left != 0; left &= left - 1) {
            const auto index = static_cast<std::size_t>(std::countr_zero(left));
            if (queues_[index].transfers.front()->submitted >= now) continue;
            serve(direction, index, now);
            return true;
        }
    }
    return false;
}

/// Moves a piece of a channel's oldest transfer.
void AxiPort::serve(Direction& direction, std::size_t index, Time now) {
    Queue& queue = queues_[index];
    Transfer& transfer = *queue.transfers.front();

    const std::int64_t beats = std::min(piece_beats, queue.beats_left);
    const std::int64_t bursts =
        beats == queue.beats_left
            ? queue.bursts_left
            : std::max<std::int64_t>(1, queue.bursts_left * beats / queue.beats_left);
    const Time begin = std::max(now, direction.data_free);
    const Time end = transport(direction, beats, bursts, now);
    if (observer_->wants_timeline()) note_piece(queue, index, beats, begin, end);
    queue.beats_left -= beats;
    queue.bursts_left -= bursts;
    direction.turn = index + 1 == direction.last ? direction.first : index + 1;

    if (queue.beats_left == 0) {
        transfer.accepted = end;
        transfer.done = end + direction.response;
        traffic_.beats[index] += transfer.access.beats;
        traffic_.bytes[index] += Bytes{transfer.access.bytes};
        traffic_.bursts[index] += transfer.access.bursts;
        if (observer_->wants_timeline()) note(index, transfer);
        scheduler_->wake(transfer.owner, transfer.accepted);
        queue.transfers.pop();
        if (!queue.transfers.empty()) {
            queue.open_front();
        } else {
            direction.waiting &= ~(1U << index);
        }
    }
}

/// One burst by the rules, one after the other.
void AxiPort::move_one(Direction& direction, std::int64_t beats) {
    Time issue = direction.address_free;
    const bool slotted = !direction.slots.empty();
    if (slotted) {
        const Time free = direction.slots[direction.slot];
        if (free > issue) {
            direction.stalled += free - issue;
            issue = free;
        }
    }
    if (cap_.active()) issue = cap_.book(issue, beats);
    direction.address_free = issue + 1;
    direction.data_free = std::max(issue + direction.latency, direction.data_free) + beats;
    if (slotted) {
        direction.slots[direction.slot] = direction.data_free + direction.held;
        if (++direction.slot == direction.slots.size()) direction.slot = 0;
    }
}

/// Bursts that nothing but the slots and the bus hold up, in slots that lie side by side.
template <class Sizes>
void AxiPort::move_slotted(Direction& direction, std::int64_t count, Sizes& sizes) {
    Time* slot = direction.slots.data() + direction.slot;
    Time* const end = slot + count;
    const Time begin = direction.address_free;
    const Time held = direction.held;
    const Time latency = direction.latency;
    Time data_free = direction.data_free;
    if (end[-1] <= begin && sizes.smallest() > 0) {
        // Addresses go out cycle by cycle; behind the first burst, data follows data.
        data_free = std::max(begin + latency, data_free);
        for (; slot != end; ++slot) {
            data_free += sizes.next();
            *slot = data_free + held;
        }
        direction.address_free = begin + count;
    } else {
        Time issue = begin - 1;
        for (; slot != end; ++slot) {
            issue = std::max(issue + 1, *slot);
            data_free = std::max(issue + latency, data_free) + sizes.next();
            *slot = data_free + held;
        }
        direction.address_free = issue + 1;
        direction.stalled += direction.address_free - begin - count;
    }
    direction.data_free = data_free;
    direction.slot += static_cast<std::size_t>(count);
    if (direction.slot == direction.slots.size()) direction.slot = 0;
}

/// How many of the next `bursts`, none larger than `largest`, lie side by side in the slots and
/// surely in one period of the cap; zero: the first one must be looked at alone.
std::int64_t AxiPort::plain_bursts(const Direction& direction, std::int64_t bursts,
                                   std::int64_t largest) {
    const bool slotted = !direction.slots.empty();
    if (slotted) {
        bursts =
            std::min(bursts, static_cast<std::int64_t>(direction.slots.size() - direction.slot));
    }
    if (!cap_.active()) return bursts;
    const BandwidthCap::Room room = cap_.room(direction.address_free);
    if (room.beats <= 0) return 0;
    if ((bursts - 1) * largest >= room.beats) bursts = (room.beats - 1) / largest + 1;
    Time last = direction.address_free;
    if (slotted) {
        const auto index = direction.slot + static_cast<std::size_t>(bursts) - 1;
        last = std::max(last, direction.slots[index]);
    }
    return last + bursts <= room.end ? bursts : 0;
}

/// Books bursts of `beats` in all, as equal as they can be.
template <class Sizes>
void AxiPort::move_bursts(Direction& direction, std::int64_t beats, std::int64_t bursts,
                          Sizes sizes) {
    const bool slotted = !direction.slots.empty();
    while (bursts > 0) {
        const std::int64_t most = slotted || sizes.smallest() > 0 ? bursts : 1;
        const std::int64_t count = plain_bursts(direction, most, sizes.largest());
        if (count == 0) {
            const std::int64_t size = sizes.next();
            move_one(direction, size);
            beats -= size;
            --bursts;
            continue;
        }
        const std::int64_t moved = count == bursts ? beats : sizes.sum(count);
        if (cap_.active()) cap_.take(moved);
        if (slotted) {
            move_slotted(direction, count, sizes);
        } else {
            // Behind the first burst, data follows data; bursts without any wait for nothing.
            direction.data_free = std::max(direction.address_free + direction.latency,
                                           direction.data_free) + moved;
            direction.address_free += count;
            sizes.skip(count);
        }
        beats -= moved;
        bursts -= count;
    }
}

/// Moves the bursts of a piece; returns when its last data beat has passed.
Time AxiPort::transport(Direction& direction, std::int64_t beats, std::int64_t bursts, Time now) {
    direction.address_free = std::max(now, direction.address_free);
    if (bursts > 0) {
        if (beats == bursts * full_burst_) {
            move_bursts(direction, beats, bursts, EqualSizes{full_burst_});
        } else {
            move_bursts(direction, beats, bursts, SpreadSizes{beats, bursts});
        }
    }
    direction.decide = std::max(direction.address_free, direction.data_free - direction.latency);
    if (!direction.slots.empty()) {
        direction.decide = std::max(direction.decide, direction.slots[direction.slot]);
    }
    return direction.data_free;
}

std::size_t AxiPort::queued(bool write) const {
    const Direction& direction = directions_[write ? 1 : 0];
    std::size_t count = 0;
    for (std::size_t i = direction.first; i < direction.last; ++i) {
        count += queues_[i].transfers.size();
    }
    return count;
}

std::string AxiPort::describe() const {
    std::string text;
    for (std::size_t i = 0; i < channel_count; ++i) {
        if (queues_[i].transfers.empty()) continue;
        text += fmt::format("{}{} transfers queued on {}", text.empty() ? "" : ", ",
                            queues_[i].transfers.size(), to_string(static_cast<Channel>(i)));
    }
    return text;
}

}  // namespace u65sim::machine
