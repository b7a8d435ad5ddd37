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
        if (period.number > last_number_ || period.used >= beats_) continue;
        period.used += beats;
        return std::max(time, last_begin_);
    }
}

}  // namespace u65sim::machine
