// Memory-to-memory transfers: reads and writes in chunks, in order, a few operations at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "machine/channels/dma_queue.hpp"
#include "machine/channels/operation_list.hpp"
#include "machine/channels/request_port.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"
#include "stream/operation.hpp"

namespace u65sim::machine {

/// A chunk is read, then written. A DMA is done when its last write has been answered, or its last
/// read when it goes to SHRAM.
class Dma {
public:
    static constexpr std::int64_t chunk_beats = 64;
    static constexpr std::size_t chunks_in_flight = 8;

    struct Ports {
        Probe& probe;
        const MemoryPorts& memory;
        const OperationList& operations;  ///< the stream's
        DmaQueue& queue;
    };
    explicit Dma(const Ports& ports) : ports_(ports) {}
    void reset();
    Time act(Time now);
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
    };
    void describe_run(Run& run) const;
    void take_new_operations();
    void submit_writes(Time now);
    bool finish_chunks(Time now);
    bool request(Time now);
    std::pair<Run&, std::int64_t> run_of_chunk(std::size_t index);
    void submit(Channel channel, const Run& run, const stream::DmaEnd& end, Transfer& transfer,
                std::int64_t before, Time now);

    Ports ports_;
    Ring<Run, 4> runs_;
    Ring<Chunk, chunks_in_flight> chunks_;
    std::size_t writing_ = 0;  ///< chunks at the front that have been read
};

}  // namespace u65sim::machine
