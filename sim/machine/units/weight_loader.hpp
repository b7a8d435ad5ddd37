// Prefetches weight streams into the decoder's buffer.
#pragma once

#include <cstdint>
#include <string>

#include "machine/channels/kernel_queue.hpp"
#include "machine/channels/request_port.hpp"
#include "machine/channels/scale_buffer.hpp"
#include "machine/channels/weight_buffer.hpp"
#include "machine/units/hardware.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// Reads each kernel's weights once per block position, in order, in requests of at most
/// `request_beats`, from when its traversal has begun and its first scales are there: the
/// traversal unit walks through one kernel at a time, and asks for scales first (inferred from
/// public measurements). It runs ahead of the MAC array by the buffers' size: bytes of the job in
/// progress count as consumed, since they stream through it.
class WeightLoader {
public:
    static constexpr std::int64_t request_beats = 16;

    struct Ports {
        Probe& probe;
        const MemoryPorts& memory;
        const KernelQueue& kernels;
        const ScaleBuffer& scales;
        WeightBuffer& buffer;
    };
    explicit WeightLoader(const Ports& ports) : ports_(ports) {}
    void reset();
    Time act(Time now);
    [[nodiscard]] std::string describe(Time now) const;
    /// Number of the kernel it works on, or is to work on next.
    [[nodiscard]] std::int64_t kernel() const { return kernel_; }
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

private:
    /// Of the kernel being loaded.
    struct Source {
        const KernelRun* run = nullptr;  ///< null: not begun
        RequestPort* port = nullptr;
        PortTraffic* counted = nullptr;
        timing::Access requested;  ///< so far
        timing::BusShape bus;
        std::int64_t positions = 0;
        std::int64_t most = 0;  ///< bytes of a request
        timing::Access full;    ///< of a request of so many, at a burst's beginning
        // Of the range being read.
        std::uint64_t address = 0;
        std::int64_t left = 0;   ///< bytes
        std::int64_t ahead = 0;  ///< bytes from a burst's beginning to the address
    };
    [[nodiscard]] bool may_begin(const KernelRun& run) const;
    void begin_kernel();
    void begin_range();
    bool request_next(Time now);

    Ports ports_;
    std::int64_t kernel_ = 0;  ///< being loaded
    Source source_;
    std::int64_t position_ = 0;  ///< block positions of it done
    std::int64_t offset_ = 0;    ///< inside this pass
};

}  // namespace u65sim::machine
