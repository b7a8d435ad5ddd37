// OFM blocks that are complete in their accumulators, or elementwise in the IFM buffer.
#pragma once

#include <algorithm>
#include <cstddef>

#include "machine/channels/kernel_run.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// The MAC array adds blocks; the output unit works on the oldest.
class BlockQueue {
public:
    struct Entry {
        BlockWork work;
        Time ready = 0;  ///< may be begun
        bool elementwise = false;
    };

    explicit BlockQueue(Scheduler& scheduler) : output_unit_(scheduler, UnitId::output_unit) {}
    void reset() {
        blocks_.clear();
        begun_ = false;
    }
    void add(const BlockWork& block, Time ready, bool elementwise, Time now) {
        blocks_.push() = {block, ready, elementwise};
        output_unit_.raise(std::max(ready, now));
    }

    [[nodiscard]] bool empty() const { return blocks_.empty(); }
    [[nodiscard]] std::size_t size() const { return blocks_.size(); }
    [[nodiscard]] const Entry& front() const { return blocks_.front(); }
    void begin_front() { begun_ = true; }
    void pop() {
        blocks_.pop();
        begun_ = false;
    }
    /// The output unit works on the oldest block.
    [[nodiscard]] bool begun() const { return begun_; }
    /// The oldest block has not been begun.
    [[nodiscard]] bool waits() const { return !begun_ && !blocks_.empty(); }

    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state) {
        state.ring(blocks_, [&](Entry& entry) {
            entry.work.pass(state);
            state.due(entry.ready);
            state.number(entry.elementwise);
        });
        state.number(begun_);
    }

private:
    WakeLine output_unit_;
    Ring<Entry, 8> blocks_;
    bool begun_ = false;
};

}  // namespace u65sim::machine
