// What a bandwidth cap has been asked for, when.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// Beats asked for, by intervals of time from some beginning.
class Demand {
public:
    static constexpr std::int64_t interval = 256;       ///< cycles (chosen: a few in any period)
    static constexpr std::size_t most_intervals = 512;  ///< no more are kept

    /// Bursts of so many beats, issued at `first` or later and at `last` at the latest.
    void add(Time first, Time last, std::int64_t beats) {
        const auto from = static_cast<std::size_t>(first / interval);
        const auto to = static_cast<std::size_t>(last / interval);
        if (to >= most_intervals) {
            is_complete_ = false;
            return;
        }
        if (to >= asked_.size()) asked_.resize(to + 1);
        asked_[from].beats += static_cast<std::uint32_t>(beats);
        for (std::size_t i = from + 1; i <= to; ++i) {
            asked_[i].earlier += static_cast<std::uint32_t>(beats);
        }
    }
    [[nodiscard]] bool is_complete() const { return is_complete_; }
    /// Beats asked for from `first` on and before `end`, at most.
    [[nodiscard]] std::int64_t most(Time first, Time end) const {
        const auto from = static_cast<std::size_t>(std::max<Time>(first, 0) / interval);
        const auto to =
            std::min(static_cast<std::size_t>((end + interval - 1) / interval), asked_.size());
        if (from >= to) return 0;
        std::int64_t sum = asked_[from].earlier;
        for (std::size_t i = from; i < to; ++i) sum += asked_[i].beats;
        return sum;
    }
    /// All are before this.
    [[nodiscard]] Time end() const { return static_cast<Time>(asked_.size()) * interval; }
    [[nodiscard]] std::size_t bytes() const { return asked_.size() * sizeof(Asked); }
    void clear() {
        asked_.clear();
        is_complete_ = true;
    }

private:
    struct Asked {
        std::uint32_t beats = 0;    ///< of bursts whose earliest time is in the interval
        std::uint32_t earlier = 0;  ///< of those before that may be issued in it
    };
    std::vector<Asked> asked_;
    bool is_complete_ = true;
};

}  // namespace u65sim::machine
