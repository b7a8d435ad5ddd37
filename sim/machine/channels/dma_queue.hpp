// DMA operations between command parser and DMA unit, oldest first.
#pragma once

#include <cstddef>
#include <cstdint>

#include "machine/units/probe.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

class DmaQueue {
public:
    DmaQueue(Scheduler& scheduler, Probe& probe)
        : probe_(&probe),
          parser_(scheduler, UnitId::command_parser),
          dma_(scheduler, UnitId::dma) {}
    void reset() { operations_.clear(); }

    /// Adds an operation; the command parser keeps to the limit of outstanding ones.
    void start(std::uint32_t operation, Time now) {
        operations_.push() = operation;
        probe_->issued(operation, 0, now);
        probe_->started(operation, now);
        dma_.raise(now);
    }
    /// The oldest operation has been done.
    void finish(Time now) {
        probe_->ended(operations_.front(), now);
        operations_.pop();
        parser_.raise(now);
    }
    [[nodiscard]] std::int64_t outstanding() const {
        return static_cast<std::int64_t>(operations_.size());
    }
    [[nodiscard]] std::size_t size() const { return operations_.size(); }
    /// Number of an operation in the stream.
    [[nodiscard]] std::uint32_t operator[](std::size_t index) const { return operations_[index]; }
    /// That of the oldest one outstanding; `otherwise`: there is none.
    [[nodiscard]] std::int64_t oldest_operation(std::int64_t otherwise) const {
        return operations_.empty() ? otherwise : std::int64_t{operations_.front()};
    }

    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state) {
        state.ring(operations_, [&](std::uint32_t& operation) {
            state.operation(operation);
            state.content(operation);
        });
    }

private:
    Probe* probe_;
    WakeLine parser_, dma_;
    Ring<std::uint32_t, 4> operations_;
};

}  // namespace u65sim::machine
