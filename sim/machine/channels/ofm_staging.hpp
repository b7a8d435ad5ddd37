// The staging banks between output unit and memory: chunks on their way to be written.
#pragma once

#include <cstddef>
#include <cstdint>

#include "machine/channels/accumulators.hpp"
#include "machine/channels/transfer.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// A chunk holds a bank until its last beat has passed the port, and is kept until its write has
/// been answered. The output unit adds chunks, the OFM writer takes them out.
class OfmStaging {
public:
    static constexpr std::int64_t banks = 2;
    static constexpr std::int64_t bank_bytes = 1024;

    struct Chunk {
        Transfer transfer;
        std::int64_t kernel = 0;
        bool last = false;   ///< of its block
        bool frees = false;  ///< the block's accumulators, when it is accepted
    };

    OfmStaging(Scheduler& scheduler, Accumulators& accumulators)
        : accumulators_(&accumulators),
          writer_(scheduler, UnitId::ofm_writer),
          output_unit_(scheduler, UnitId::output_unit) {}
    void reset() {
        chunks_.clear();
        accepted_ = 0;
        wanted_ = false;
    }

    // The output unit's side.
    /// False: all banks are taken, or as many chunks wait for answers as are kept.
    [[nodiscard]] bool has_bank(Time now) { return staged(now) < banks && !chunks_.full(); }
    /// The output unit waits for a bank.
    void want_bank(Time now) {
        wanted_ = true;
        if (staged(now) == 0) return;
        Transfer& next = chunks_[static_cast<std::size_t>(accepted_)].transfer;
        next.awaits_answer = false;
        if (next.accepted != never) writer_.raise(next.accepted);
    }
    Chunk& add() {
        wanted_ = false;
        return chunks_.push();
    }

    // The OFM writer's side.
    /// Sees which chunks have left their banks; true: some have.
    bool take_accepted(Time now) {
        const std::int64_t before = accepted_;
        while (accepted_ < static_cast<std::int64_t>(chunks_.size())) {
            const Chunk& chunk = chunks_[static_cast<std::size_t>(accepted_)];
            if (chunk.transfer.accepted > now) break;
            ++accepted_;
            if (chunk.frees) accumulators_->free(now);
        }
        return accepted_ > before;
    }
    /// Wakes the output unit if it waits for a bank.
    void offer_bank(Time now) {
        if (wanted_) output_unit_.raise(now);
    }
    [[nodiscard]] bool empty() const { return chunks_.empty(); }
    [[nodiscard]] bool full() const { return chunks_.full(); }
    [[nodiscard]] std::size_t size() const { return chunks_.size(); }
    /// Chunks at the front that have left their banks but are not answered.
    [[nodiscard]] std::size_t accepted() const { return static_cast<std::size_t>(accepted_); }
    [[nodiscard]] const Chunk& operator[](std::size_t index) const { return chunks_[index]; }
    /// The oldest chunk has been answered.
    void pop() {
        --accepted_;
        chunks_.pop();
    }

    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state) {
        state.ring(chunks_, [&](Chunk& chunk) {
            state.transfer(chunk.transfer);
            state.kernel(chunk.kernel);
            state.number(chunk.last);
            if (chunk.last) state.time(chunk.transfer.done);  // its block is complete later
            state.number(chunk.frees);
        });
        state.number(accepted_);
        state.number(wanted_);
    }

private:
    /// Chunks that still hold a bank.
    [[nodiscard]] std::int64_t staged(Time now) {
        take_accepted(now);
        return static_cast<std::int64_t>(chunks_.size()) - accepted_;
    }

    Accumulators* accumulators_;
    WakeLine writer_, output_unit_;
    Ring<Chunk, 256> chunks_;
    std::int64_t accepted_ = 0;
    bool wanted_ = false;  ///< the output unit waits for a bank
};

}  // namespace u65sim::machine
