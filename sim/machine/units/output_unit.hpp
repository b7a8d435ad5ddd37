// Scales, activates and hands on blocks in order; it is the elementwise engine as well.
#pragma once

#include <cstdint>
#include <string>

#include "machine/channels/block_queue.hpp"
#include "machine/channels/ifm_buffer.hpp"
#include "machine/channels/kernel_queue.hpp"
#include "machine/channels/ofm_staging.hpp"
#include "machine/channels/request_port.hpp"
#include "machine/channels/scale_buffer.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// A block is worked on in chunks of at most one staging bank; a chunk is written when a bank is
/// free.
class OutputUnit {
public:
    struct Ports {
        Probe& probe;
        const MemoryPorts& memory;
        const KernelQueue& kernels;
        BlockQueue& blocks;
        ScaleBuffer& scales;
        IfmBuffer& input;  ///< of elementwise blocks
        OfmStaging& staging;
    };
    explicit OutputUnit(const Ports& ports) : ports_(ports) {}
    void reset();
    Time act(Time now);
    [[nodiscard]] std::string describe() const;
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

private:
    bool start(Time now);
    void begin_chunk(Time now);
    void write_chunk(Time now);
    void finish(Time now);

    Ports ports_;
    bool computed_ = false;  ///< its current chunk waits for a staging bank
    std::int64_t chunk_ = 0, chunks_ = 0;
    Time chunk_begin_ = 0, chunk_end_ = 0;
};

}  // namespace u65sim::machine
