// Works on one job at a time; a block's jobs fill one of two accumulator buffers.
#pragma once

#include <cstdint>
#include <string>

#include "machine/units/kernel_run.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

class Npu;

/// A job starts when its input has arrived, the first of its weights has, and for a block's first
/// job an accumulator buffer is free. It runs as far as its weights have arrived.
class MacArray {
public:
    static constexpr int accumulator_buffers = 2;

    explicit MacArray(Npu& npu) : npu_(&npu) {}
    void reset();
    Time act(Time now);
    /// The output unit's last element of a block has been accepted: its accumulators are free.
    void free_accumulators(Time now);
    /// Elementwise: the output unit has read the oldest block's inputs.
    void free_inputs(Time now);
    /// More weights would let it go on at once. Those that come while it computes are seen when
    /// it has used up the ones before.
    [[nodiscard]] bool waits_weights() const { return waits_weights_; }
    [[nodiscard]] bool busy() const { return busy_; }
    [[nodiscard]] std::string describe() const;
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

private:
    bool start(Time now);
    void look_ahead(const Job& job, Time now);
    void finish(Time now);
    void note_computing(bool computes, Time now);

    Npu* npu_;
    bool busy_ = false;
    bool waits_weights_ = false;  ///< before or in its job
    int accumulators_used_ = 0;
    std::int64_t executed_ = 0;   ///< cycles of the job done by `since_`
    std::int64_t available_ = 0;  ///< cycles its weights allow that have arrived
    Time since_ = 0;
    Time until_ = 0;  ///< in its job it has nothing to decide before
    Time started_ = 0;
    Time computing_since_ = never;
};

}  // namespace u65sim::machine
