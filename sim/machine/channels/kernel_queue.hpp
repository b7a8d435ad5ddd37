// Kernels issued by the command parser, followed by every unit until their last block is written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "machine/channels/kernel_run.hpp"
#include "machine/channels/operation_list.hpp"
#include "machine/units/hardware.hpp"
#include "machine/units/probe.hpp"
#include "machine/units/scheduler.hpp"

namespace u65sim::machine {

/// Kernels are counted in issue order.
class KernelQueue {
public:
    KernelQueue(Scheduler& scheduler, Probe& probe, const Hardware& hardware)
        : hardware_(&hardware),
          probe_(&probe),
          parser_(scheduler, UnitId::command_parser),
          ifm_loader_(scheduler, UnitId::ifm_loader),
          weight_loader_(scheduler, UnitId::weight_loader),
          scale_loader_(scheduler, UnitId::scale_loader) {}
    /// Empties it. `operations` are the stream's, and must outlive the run.
    void reset(const OperationList& operations);

    /// Issues the kernel that operation number `operation` of the stream is: loaders may look at
    /// it, and its first IFM load is not before the set-up time has passed.
    void issue(std::uint32_t operation, Time now);
    [[nodiscard]] std::int64_t issued() const { return issued_; }
    [[nodiscard]] std::int64_t outstanding() const { return issued_ - finished_; }

    /// Kernel number `kernel`; two are outstanding at most, the one before them stays readable.
    KernelRun& run(std::int64_t kernel) {
        return runs_[static_cast<std::size_t>(kernel) % runs_.size()];
    }
    [[nodiscard]] const KernelRun& run(std::int64_t kernel) const {
        return runs_[static_cast<std::size_t>(kernel) % runs_.size()];
    }

    /// The IFM loader has submitted the first job of its next kernel: scales and weights may
    /// follow.
    void begin_traversal(Time now) {
        ++begun_;
        weight_loader_.raise(now);
        scale_loader_.raise(now);
    }
    /// The first job of that kernel is, or was, in the IFM buffer.
    [[nodiscard]] bool has_begun(std::int64_t kernel) const { return kernel < begun_; }

    /// A block of `kernel` is written; with the last one the kernel is finished.
    void block_done(std::int64_t kernel, Time now);
    /// Number of the stream's operation that is the oldest unfinished kernel, issued or not, or the
    /// last; negative: none issued.
    [[nodiscard]] std::int64_t oldest_operation() const;

    /// Goes on as if so many more kernels had been issued. The rest of its state is to be read.
    void skip(std::int64_t kernels) { issued_ += kernels; }
    /// All that its future depends on, for writing or reading. Loaders still look at kernel
    /// `oldest` and those behind it; not given when reading.
    template <class State>
    void pass(State& state, std::int64_t oldest);

private:
    void describe(KernelRun& run) const;

    const Hardware* hardware_;
    Probe* probe_;
    WakeLine parser_, ifm_loader_, weight_loader_, scale_loader_;
    const OperationList* operations_ = nullptr;
    std::vector<std::int64_t> operation_of_kernel_;  ///< kernels in stream order
    std::array<KernelRun, 4> runs_;
    std::int64_t issued_ = 0, begun_ = 0, finished_ = 0;
    std::int64_t weight_bytes_ = 0;  ///< that issued kernels read
};

}  // namespace u65sim::machine
