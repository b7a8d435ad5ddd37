// The two accumulator buffers: taken by the MAC array, freed when a block's last chunk has left.
#pragma once

#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

class Accumulators {
public:
    static constexpr int buffers = 2;

    explicit Accumulators(Scheduler& scheduler) : mac_array_(scheduler, UnitId::mac_array) {}
    void reset() {
        used_ = 0;
        mac_busy_ = false;
    }
    [[nodiscard]] int used() const { return used_; }
    [[nodiscard]] bool all_used() const { return used_ == buffers; }
    void take() { ++used_; }
    /// The last element of a block has been accepted for writing.
    void free(Time now) {
        --used_;
        if (!mac_busy_) mac_array_.raise(now);
    }
    /// The MAC array is in a job: a free buffer need not wake it.
    void set_mac_busy(bool busy) { mac_busy_ = busy; }

    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state) {
        state.number(used_);
        state.number(mac_busy_);
    }

private:
    WakeLine mac_array_;
    int used_ = 0;
    bool mac_busy_ = false;
};

}  // namespace u65sim::machine
