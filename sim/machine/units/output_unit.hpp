// Scales, activates and hands on blocks in order; it is the elementwise engine as well.
#pragma once

#include <cstdint>
#include <string>

#include "machine/units/kernel_run.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

class Npu;

/// A block is worked on in chunks of at most one staging bank (1 KiB of writes); a chunk goes to
/// the writer when one of the two banks is free.
class OutputUnit {
public:
    static constexpr std::int64_t staging_banks = 2;
    static constexpr std::int64_t bank_bytes = 1024;

    explicit OutputUnit(Npu& npu) : npu_(&npu) {}
    void reset();
    Time act(Time now);
    /// A block is complete in its accumulators (or, elementwise, in the IFM buffer) and may be
    /// started at `ready`.
    void receive(const BlockWork& block, Time ready, bool elementwise, Time now);
    /// Scale records would let it start a block.
    [[nodiscard]] bool wants_scales() const { return !busy_ && !blocks_.empty(); }
    /// A free staging bank would let it go on.
    [[nodiscard]] bool wants_bank() const { return busy_ && computed_; }
    [[nodiscard]] std::string describe() const;
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

private:
    struct Entry {
        BlockWork work;
        Time ready = 0;
        bool elementwise = false;
    };
    bool start(Time now);

    Npu* npu_;
    Ring<Entry, 8> blocks_;
    bool busy_ = false;      ///< in the front block
    bool computed_ = false;  ///< its current chunk waits for a staging bank
    std::int64_t chunk_ = 0, chunks_ = 0;
    Time chunk_begin_ = 0, chunk_end_ = 0;
};

}  // namespace u65sim::machine
