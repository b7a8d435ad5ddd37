#include "machine/memory/burst_flow.hpp"

namespace u65sim::machine {

void Slots::reset(std::int64_t count) {
    count_ = count;
    times_.assign(static_cast<std::size_t>(count > 0 ? count + room : 0), 0);
    first_ = times_.data();
}

void Slots::move_to_front() {
    std::copy_n(first_, count_, times_.data());
    first_ = times_.data();
}

namespace {

/// Bursts that all have the same beats.
class EqualSizes {
public:
    explicit EqualSizes(std::int64_t beats) : beats_(beats) {}

    [[nodiscard]] std::int64_t smallest() const { return beats_; }
    /// Beats of the next `count` bursts together.
    [[nodiscard]] std::int64_t sum(std::int64_t count) const { return count * beats_; }
    void skip(std::int64_t /*count*/) {}
    /// Calls `work` with the sum of the first, the first two ... the first `count` bursts.
    template <class Work>
    void for_each_sum(std::int64_t count, Work work) const {
        const std::int64_t beats = beats_;
        for (std::int64_t i = 0; i < count; ++i) work(i, (i + 1) * beats);
    }

private:
    std::int64_t beats_;
};

/// Beats of bursts that are as equal as they can be.
class NearSizes {
public:
    /// `step` as BurstSizes has it.
    explicit NearSizes(std::uint64_t step) : step_(step) {}

    [[nodiscard]] std::int64_t smallest() const { return whole(step_); }
    /// Beats of the next `count` bursts together.
    [[nodiscard]] std::int64_t sum(std::int64_t count) const {
        return whole(part_ + static_cast<std::uint64_t>(count) * step_);
    }
    void skip(std::int64_t count) {
        part_ = (part_ + static_cast<std::uint64_t>(count) * step_) & (one - 1);
    }
    /// Calls `work` with the sum of the first, the first two ... the first `count` bursts.
    template <class Work>
    void for_each_sum(std::int64_t count, Work work) const {
        const std::uint64_t step = step_;
        std::uint64_t position = part_;
        for (std::int64_t i = 0; i < count; ++i) {
            position += step;
            work(i, whole(position));
        }
    }

private:
    static constexpr std::uint64_t one = std::uint64_t{1} << BurstSizes::shift;
    static std::int64_t whole(std::uint64_t beats) { return BurstSizes::whole(beats); }

    std::uint64_t step_ = 0;
    std::uint64_t part_ = 0;  ///< of a beat that the bursts before have left over
};

}  // namespace

void BurstFlow::reset(const Rules& rules, BandwidthCap& cap) {
    rules_ = rules;
    cap_ = &cap;
    slots_.reset(rules.slots);
    slots_differ_ = true;
    const std::int64_t others = std::max<std::int64_t>(rules.slots - 1, 0);
    const std::int64_t hide = rules.latency + rules.held;
    hiding_beats_ = others > 0 ? (hide + others - 1) / others : never;
    hiding_bursts_ = rules.slots;  // slots that were never taken are free
    ready_ = address_free_ = data_free_ = 0;
    stalled_ = 0;
    last_beats_ = last_bursts_ = 0;
}

/// One burst by the rules, one after the other.
void BurstFlow::move_one(std::int64_t beats) {
    Time issue = address_free_;
    if (slots_.limited() && slots_.oldest() > issue) {
        stalled_ += slots_.oldest() - issue;
        issue = slots_.oldest();
    }
    if (cap_->active()) issue = cap_->reserve(issue, beats);
    address_free_ = issue + 1;
    data_free_ = std::max(issue + rules_.latency, data_free_) + beats;
    if (slots_.limited()) *slots_.take(1).next = data_free_ + rules_.held;
}

/// True when the data of each burst follows that of the one before without a gap: no slot becomes
/// free so late that the latency shows. `data` is when the first one's begins.
template <class Sizes>
inline bool BurstFlow::data_bound(const Sizes& sizes, std::int64_t bursts, Time data) const {
    constexpr std::int64_t step = 4;  // slots looked at through the latest of them
    for (std::int64_t i = 1; i < bursts; i += step) {
        const Time slot = slots_.at(std::min(i + step, bursts) - 1);
        if (slot + rules_.latency > data + sizes.sum(i)) return false;
    }
    return true;
}

/// Moves bursts, none of them empty, that surely find their slots in time for the data bus; false:
/// not so sure. `hidden`: the oldest slot is free before the data bus by the latency at least.
template <class Sizes>
inline bool BurstFlow::move_together(const Sizes& sizes, std::int64_t beats, std::int64_t bursts,
                                     bool hidden) {
    if (bursts > slots_.count()) return false;
    const Time slot = slots_.at(bursts - 1);
    const Time data = std::max(address_free_ + rules_.latency, data_free_);
    if (!hidden && slot + rules_.latency > data) return false;
    const Time addresses = address_free_ + bursts;
    if (cap_->active()) {
        if (!cap_->has_room(address_free_, std::max(addresses, slot + bursts) - 1, beats)) {
            return false;
        }
        cap_->take(beats);
    }
    Time* const next = slots_.take(bursts).next;
    const Time first = data + rules_.held;
    sizes.for_each_sum(bursts,
                       [next, first](std::int64_t i, std::int64_t sum) { next[i] = first + sum; });
    data_free_ = data + beats;
    // Slots become free a cycle at least behind each other: the last one decides.
    address_free_ = std::max(addresses, slot + 1);
    stalled_ += address_free_ - addresses;
    ready_ = std::max(std::max(address_free_, data_free_ - rules_.latency), slots_.oldest());
    return true;
}

/// Bursts that nothing but slots and bus hold up, none of them empty.
template <class Sizes>
inline void BurstFlow::move_through_slots(const Sizes& sizes, std::int64_t bursts, bool hidden) {
    const Time begin = address_free_;
    const Time data = std::max(std::max(begin, slots_.oldest()) + rules_.latency, data_free_);
    const bool bound = slots_differ_ && (hidden || data_bound(sizes, bursts, data));
    const auto [free, next] = slots_.take(bursts);
    if (bound) {
        const Time first = data + rules_.held;
        sizes.for_each_sum(bursts, [next = next, first](std::int64_t i, std::int64_t beats) {
            next[i] = first + beats;
        });
        data_free_ = data + sizes.sum(bursts);
        // Slots become free a cycle at least behind each other: the last one decides.
        address_free_ = std::max(begin + bursts, free[bursts - 1] + 1);
    } else {
        const Time latency = rules_.latency;
        const Time held = rules_.held;
        Time issue = begin - 1;
        Time data_free = data_free_;
        std::int64_t moved = 0;
        sizes.for_each_sum(bursts,
                           [&, free = free, next = next](std::int64_t i, std::int64_t beats) {
                               issue = std::max(issue + 1, free[i]);
                               data_free = std::max(issue + latency, data_free) + (beats - moved);
                               moved = beats;
                               next[i] = data_free + held;
                           });
        data_free_ = data_free;
        address_free_ = issue + 1;
    }
    stalled_ += address_free_ - begin - bursts;
}

template <class Sizes>
inline void BurstFlow::move_all(Sizes sizes, std::int64_t beats, std::int64_t bursts) {
    const bool slotted = slots_.limited();
    const bool plain = sizes.smallest() > 0;
    if (!plain) slots_differ_ = false;
    const bool large = sizes.smallest() >= hiding_beats_;
    const bool hidden = large && hiding_bursts_ >= rules_.slots;
    hiding_bursts_ = large ? hiding_bursts_ + bursts : 0;
    if (slots_differ_ && move_together(sizes, beats, bursts, hidden)) return;
    while (bursts > 0) {
        std::int64_t count = bursts;
        Time last = address_free_;
        if (slotted) {
            count =
                std::min(count, hidden ? Slots::most() : std::min(slots_.count(), Slots::most()));
            // Behind the known slots come those that these bursts set free.
            last = std::max(
                last, count <= slots_.count()
                          ? slots_.at(count - 1)
                          : std::max(std::max(last, slots_.oldest()) + rules_.latency, data_free_) +
                                beats + rules_.held);
        }
        const bool together =
            plain && (!cap_->active() || cap_->has_room(address_free_, last + count - 1, beats));
        if (!together) count = 1;
        const std::int64_t moved = sizes.sum(count);
        if (!together) {
            move_one(moved);
        } else {
            if (cap_->active()) cap_->take(moved);
            if (slotted) {
                move_through_slots(sizes, count, hidden);
            } else {
                data_free_ = std::max(address_free_ + rules_.latency, data_free_) + moved;
                address_free_ += count;
            }
        }
        sizes.skip(count);
        beats -= moved;
        bursts -= count;
    }
    ready_ = std::max(address_free_, data_free_ - rules_.latency);
    if (slotted) ready_ = std::max(ready_, slots_.oldest());
}

Time BurstFlow::move(std::int64_t beats, std::int64_t bursts, Time now) {
    address_free_ = std::max(now, address_free_);
    if (beats == bursts * rules_.burst) {
        move_all(EqualSizes{rules_.burst}, beats, bursts);
    } else {
        if (beats != last_beats_ || bursts != last_bursts_) {
            last_beats_ = beats;
            last_bursts_ = bursts;
            last_step_ = BurstSizes::step_of(beats, bursts);
        }
        move_all(NearSizes{last_step_}, beats, bursts);
    }
    return data_free_;
}

bool BurstFlow::move_back_to_back(std::int64_t bursts, std::int64_t pieces, Time now) {
    const std::int64_t all = bursts * pieces;
    const std::int64_t beats = beats_of(bursts);
    if (!may_move_back_to_back(now) || bursts > slots_.count() || all > Slots::most()) return false;
    if (cap_->active()) {
        // The last burst is issued before the data bus would let another one follow.
        if (!cap_->has_room(now, now + pieces * beats - 1, pieces * beats)) return false;
        cap_->take(pieces * beats);
    }
    const auto [free, next] = slots_.take(all);
    const Time freed = data_free_ + rules_.held;
    EqualSizes{rules_.burst}.for_each_sum(
        all, [next = next, freed](std::int64_t i, std::int64_t sum) { next[i] = freed + sum; });
    // A piece begins when its latency hides behind the data of the one before.
    Time addresses = now + bursts;
    const Time* slot = free + bursts - 1;
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
        address_free_ = std::max(addresses, *slot + 1);
        stalled_ += address_free_ - addresses;
        addresses += beats;
        slot += bursts;
    }
    hiding_bursts_ += all;
    data_free_ += pieces * beats;
    ready_ = data_free_ - rules_.latency;
    return true;
}

}  // namespace u65sim::machine
