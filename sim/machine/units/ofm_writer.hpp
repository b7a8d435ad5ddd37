// Writes the output unit's chunks to memory and tells when blocks are complete.
#pragma once

#include <cstdint>
#include <string>

#include "machine/units/kernel_run.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

class Npu;

class OfmWriter {
public:
    explicit OfmWriter(Npu& npu) : npu_(&npu) {}
    void reset();
    /// Sends a chunk of `block`. `last`: the last one; `frees`: its acceptance frees the
    /// accumulators.
    void write(const timing::Access& access, const BlockWork& block, bool last, bool frees,
               Time now);
    Time act(Time now);
    /// Chunks that still occupy a staging bank.
    [[nodiscard]] std::int64_t staged(Time now);
    /// The output unit waits for one of them to be free.
    void want_bank(Time now);
    /// As many chunks wait for their answers as this unit keeps in mind.
    [[nodiscard]] bool full() const { return chunks_.full(); }
    [[nodiscard]] std::string describe() const;
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

private:
    struct Chunk {
        Transfer transfer;
        std::int64_t kernel = 0;
        bool last = false, frees = false;
    };

    bool take_accepted(Time now);

    Npu* npu_;
    Ring<Chunk, 256> chunks_;
    std::int64_t accepted_ = 0;  ///< at the front of the ring, but not answered
};

}  // namespace u65sim::machine
