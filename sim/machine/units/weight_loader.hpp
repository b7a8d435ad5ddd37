// Prefetches weight streams into the decoder's buffer.
#pragma once

#include <cstdint>
#include <string>

#include "machine/units/axi_port.hpp"
#include "machine/units/kernel_run.hpp"
#include "machine/units/ring.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

class Npu;

/// Reads each kernel's weights once per block position, in order, in requests of at most
/// `request_beats`, from when its traversal has begun and its first scales are there: the
/// traversal unit walks through one kernel at a time, and asks for scales first (inferred from
/// public measurements). It runs ahead of the MAC array by the buffers' size: bytes of the job in
/// progress count as consumed, since they stream through it.
class WeightLoader {
public:
    static constexpr std::int64_t request_beats = 16;

    explicit WeightLoader(Npu& npu) : npu_(&npu) {}
    void reset();
    void kernel_issued(KernelRun& run);
    Time act(Time now);
    [[nodiscard]] std::string describe(Time now) const;
    /// Bytes of the sequence of all weights that it has asked for.
    [[nodiscard]] std::int64_t requested() const { return requested_; }
    /// Number of the kernel it works on, or is to work on next.
    [[nodiscard]] std::int64_t kernel() const { return kernel_; }
    /// All that its future depends on, for writing or reading.
    template <class State>
    void pass(State& state);

    /// Bytes of the sequence of all weights that have arrived by now.
    [[nodiscard]] std::int64_t arrived(Time now) {
        while (!requests_.empty() && requests_.front().transfer.done <= now) {
            arrived_ = requests_.front().end;
            requests_.pop();
        }
        return arrived_;
    }
    /// Those that will have arrived at a later time, as far as that is known already.
    struct Arrival {
        std::int64_t bytes = 0;
        bool certain = false;  ///< false: there may be more
    };
    [[nodiscard]] Arrival arrived_by(Time later) const;
    /// When the next bytes arrive; never: not known yet, then the MAC array is woken.
    [[nodiscard]] Time next_arrival();
    /// The MAC array has begun a job that ends at byte `position` of the sequence.
    void consume_to(std::int64_t position, Time now);

private:
    struct Request {
        Transfer transfer;
        std::int64_t end = 0;  ///< in the sequence
    };
    /// Of the kernel being loaded.
    struct Source {
        const KernelRun* run = nullptr;  ///< null: not begun
        AxiPort* port = nullptr;
        PortTraffic* counted = nullptr;
        timing::Access asked;  ///< so far
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

    Npu* npu_;
    Ring<Request, 256> requests_;
    std::int64_t sequence_ = 0;  ///< bytes that issued kernels need
    std::int64_t kernel_ = 0;    ///< being loaded
    Source source_;
    std::int64_t buffer_ = 0;    ///< bytes, of all cores
    std::int64_t position_ = 0;  ///< block positions of it done
    std::int64_t offset_ = 0;    ///< inside this pass
    std::int64_t requested_ = 0, arrived_ = 0, consumed_ = 0;
};

}  // namespace u65sim::machine
