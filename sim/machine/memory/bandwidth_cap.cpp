#include "machine/memory/bandwidth_cap.hpp"

#include <algorithm>

namespace u65sim::machine {

void BandwidthCap::reset(const timing::PortRules& rules) {
    beats_ = rules.cap_beats;
    period_ = rules.cap_period;
    steady_ = rules.steady_cap;
    next_ = next_part_ = 0;
    last_number_ = last_begin_ = 0;
    periods_.fill({});
    is_watched_ = is_doubtful_ = false;
    certain_from_ = 0;
}

Time BandwidthCap::reserve_steady(Time time, std::int64_t beats) {
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

Time BandwidthCap::reserve(Time time, std::int64_t beats) {
    if (steady_) return reserve_steady(time, beats);
    find_period(time);
    for (;; ++last_number_, last_begin_ += period_) {
        Period& period = last_period();
        if (period.number < last_number_) period = {last_number_, 0};
        if (period.number > last_number_ || period.used >= beats_) {
            was_held_ = true;
            is_doubtful_ = is_doubtful_ || last_number_ < certain_from_;
            continue;
        }
        period.used += beats;
        if (is_watched_) demand_.add(time - watched_from_, time - watched_from_, beats);
        return std::max(time, last_begin_);
    }
}

void BandwidthCap::watch(Time now) {
    is_watched_ = active() && !steady_;
    was_held_ = false;
    watched_from_ = now;
    demand_.clear();
}

bool BandwidthCap::passes(const Demand& demand, Time begin) {
    asked_.clear();
    if (!active()) return true;
    first_asked_ = begin / period_;
    for (std::int64_t number = first_asked_; number * period_ < begin + demand.end(); ++number) {
        const Time first = number * period_ - begin;
        asked_.push_back(demand.most(first, first + period_));
        if (used_in(number) + asked_.back() > beats_) return false;
    }
    return true;
}

void BandwidthCap::count(Time end) {
    if (!active()) return;
    for (std::size_t i = 0; i < asked_.size(); ++i) {
        const std::int64_t number = first_asked_ + static_cast<std::int64_t>(i);
        if (number < end / period_ || asked_[i] == 0) continue;
        const std::int64_t used = used_in(number) + asked_[i];
        periods_[static_cast<std::size_t>(number) % periods_.size()] = {number, used};
        certain_from_ = std::max(certain_from_, number + 1);
    }
}

}  // namespace u65sim::machine
