// Memory-to-memory transfers: reads and writes in chunks, in order, a few operations at a time.
#pragma once

#include <cstdint>
#include <string>

#include "machine/units/axi_port.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine {

class Npu;

/// A chunk is read, then written. A DMA is done when its last write has been answered, or its last
/// read when it goes to SHRAM.
class Dma {
public:
    static constexpr std::int64_t chunk_beats = 64;
    static constexpr std::size_t chunks_in_flight = 8;

    explicit Dma(Npu& npu) : npu_(&npu) {}
    void reset();
    /// Adds an operation; the command parser keeps to the limit of outstanding ones.
    void start(std::uint32_t operation, Time now);
    /// Counts in its record what an operation will move. The ports' rules must be set.
    void count_traffic(const stream::DmaOp& op, OperationRecord& record) const;
    Time act(Time now);
    [[nodiscard]] std::int64_t outstanding() const {
        return static_cast<std::int64_t>(runs_.size());
    }
    /// Record of the oldest one outstanding; `otherwise`: there is none.
    [[nodiscard]] std::int64_t oldest_operation(std::int64_t otherwise) const {
        return runs_.empty() ? otherwise : std::int64_t{runs_.front().operation};
    }
    [[nodiscard]] std::string describe() const;
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

private:
    struct Run {
        const stream::DmaOp* op = nullptr;
        std::uint32_t operation = 0;
        std::int64_t chunks = 0, requested = 0, done = 0;
        timing::Access read, write;                      ///< whole operation
        timing::Access read_requested, write_requested;  ///< of its chunks so far
    };
    struct Chunk {
        Transfer read, write;
        bool writing = false;
    };
    [[nodiscard]] timing::Access whole(const stream::DmaEnd& end, const stream::DmaOp& op) const;
    void describe_run(Run& run) const;
    bool request(Time now);
    Run& run_of_chunk(std::size_t index);

    Npu* npu_;
    Ring<Run, 4> runs_;
    Ring<Chunk, chunks_in_flight> chunks_;
};

}  // namespace u65sim::machine
