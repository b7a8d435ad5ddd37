// Fetches bias and scale records for the output unit, block by block.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "machine/channels/kernel_queue.hpp"
#include "machine/channels/request_port.hpp"
#include "machine/channels/scale_buffer.hpp"
#include "machine/units/hardware.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// Fills the scale buffer; a kernel's first records are requested when its traversal has begun.
class ScaleLoader {
public:
    struct Ports {
        const Hardware& hardware;
        Probe& probe;
        const MemoryPorts& memory;
        const KernelQueue& kernels;
        ScaleBuffer& buffer;
    };
    explicit ScaleLoader(const Ports& ports) : ports_(ports) {}
    void reset() { kernel_ = block_ = 0; }
    Time act(Time now);
    [[nodiscard]] std::string describe() const;
    /// Number of the kernel it works on, or is to work on next.
    [[nodiscard]] std::int64_t kernel() const { return kernel_; }
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state) {
        state.kernel(kernel_);
        state.number(block_);
    }

private:
    void request(const KernelRun& run, Time now);
    using Records = std::array<stream::ByteRange, 2>;  ///< of each core
    [[nodiscard]] Records records_of(const KernelRun& run, const timing::Box& block) const;

    Ports ports_;
    std::int64_t kernel_ = 0, block_ = 0;  ///< position
};

}  // namespace u65sim::machine
