// Works on one job at a time; a block's jobs fill one of two accumulator buffers.
#pragma once

#include <cstdint>
#include <string>

#include "machine/channels/accumulators.hpp"
#include "machine/channels/block_queue.hpp"
#include "machine/channels/ifm_buffer.hpp"
#include "machine/channels/kernel_queue.hpp"
#include "machine/channels/weight_buffer.hpp"
#include "machine/units/hardware.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// A job starts when its input has arrived, the first of its weights has, and for a block's first
/// job an accumulator buffer is free. It runs as far as its weights have arrived. Elementwise jobs
/// pass through to the output unit.
class MacArray {
public:
    struct Ports {
        const Hardware& hardware;
        Probe& probe;
        const KernelQueue& kernels;
        IfmBuffer& input;
        WeightBuffer& weights;
        Accumulators& accumulators;
        BlockQueue& output;
    };
    explicit MacArray(const Ports& ports) : ports_(ports) {}
    void reset();
    Time act(Time now);
    [[nodiscard]] std::string describe() const;
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

private:
    bool start(Time now);
    bool start_elementwise(Job& job, bool no_input, Time now);
    void set_busy(bool busy, Time now);
    void wait_for_weights(bool waits, Time now);
    void look_ahead(const Job& job, Time now);
    void finish(Time now);
    void note_computing(bool computes, Time now);

    Ports ports_;
    bool busy_ = false;
    std::int64_t executed_ = 0;   ///< cycles of the job done by `since_`
    std::int64_t available_ = 0;  ///< cycles its weights allow that have arrived
    Time since_ = 0;
    Time until_ = 0;  ///< in its job it has nothing to decide before
    Time started_ = 0;
    Time computing_since_ = never;
};

}  // namespace u65sim::machine
